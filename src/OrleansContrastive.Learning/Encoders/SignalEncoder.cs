using System.Globalization;
using System.Text.RegularExpressions;
using TorchSharp;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Encoders;

/// <summary>
/// Strided convolutions over a signal and a gated recurrent unit behind them, as CPC has them for audio (van den Oord et al.
/// 2018, section 3.1): <c>conv1d-gru</c>; <c>-wN</c> after the name sets the width of both (64 by default).
/// </summary>
/// <param name="Name">The name it was parsed from, such as <c>conv1d-gru-w32</c>.</param>
/// <param name="Width">F, the channels of the convolutions and the width of the recurrence.</param>
/// <param name="InputChannels">1 or 3.</param>
public sealed partial record SignalEncoderSpec(string Name, int Width, int InputChannels) : EncoderSpec(Name, InputChannels)
{
    private const int DefaultWidth = 64;
    private const int LargestWidth = 1024;
    private const int WidthStep = 8;

    /// <inheritdoc/>
    public override int FeatureWidth => Width;

    /// <inheritdoc/>
    public override EncoderInput Input => EncoderInput.Sequences;

    internal static EncoderFamily Family { get; } = new(["conv1d-gru", "conv1d-gru-w32"], "conv1d-gru reads images row by row as signals", TryParse);

    /// <inheritdoc/>
    public override ImageEncoder Build(LayerContext context) => new SignalEncoder(context, this);

    private static SignalEncoderSpec? TryParse(string name, int channels, int imageSize)
    {
        var match = NamePattern().Match(name);
        if (!match.Success) return null;
        var width = match.Groups["width"].Success ? int.Parse(match.Groups["width"].ValueSpan, CultureInfo.InvariantCulture) : DefaultWidth;
        if (width is < 1 or > LargestWidth || width % WidthStep != 0)
            throw new ArgumentException($"The width of encoder '{name}' must be a multiple of {WidthStep} in {WidthStep} to {LargestWidth}, found {width}.", nameof(name));
        return new(name, width, channels);
    }

    [GeneratedRegex("^conv1d-gru(-w(?<width>[0-9]{1,6}))?$", RegexOptions.CultureInvariant)]
    private static partial Regex NamePattern();
}

/// <summary>
/// Three convolutions, one vector for 32 samples, where the paper has five for 160 of its much longer signals; batch norm, which the
/// paper does not mention, and ReLU behind each. Names: <c>convs.0.weight</c>, <c>norms.0.…</c>, <c>gru.weight_ih_l0</c> as in torch.
/// </summary>
internal sealed class SignalEncoder : SequenceEncoder
{
    private static readonly int[] Strides = [4, 4, 2];

    private readonly SignalConvolution[] _convolutions = new SignalConvolution[Strides.Length];
    private readonly SplitBatchNorm[] _norms = new SplitBatchNorm[Strides.Length];

    [ComponentName(Name = "gru")]
    private readonly GatedRecurrence _recurrence;

    private readonly ScalarType _masterType;
    private readonly bool _channelsLast;

    public SignalEncoder(LayerContext context, SignalEncoderSpec spec)
        : base(nameof(SignalEncoder), spec.Width)
    {
        _masterType = context.MasterType;
        _channelsLast = context.Options.UsesChannelsLast;
        for (var i = 0; i < Strides.Length; i++)
        {
            _convolutions[i] = new(context, i == 0 ? spec.InputChannels : spec.Width, spec.Width, Strides[i]);
            _norms[i] = new(context, spec.Width);
        }

        register_module("convs", nn.ModuleList(_convolutions));
        register_module("norms", nn.ModuleList(_norms));
        _recurrence = new(context, spec.Width, spec.Width);
        register_module("gru", _recurrence);
        RegisterComponents();
    }

    /// <summary>[B, C, H, W] to [B, 2F, 1, ⌊H · W / 32⌋].</summary>
    public override Tensor forward(Tensor input)
    {
        using var scope = NewDisposeScope();
        var x = input.reshape(input.shape[0], input.shape[1], 1, -1);
        if (_channelsLast) x = Layout.ChannelsLast(x);
        for (var i = 0; i < Strides.Length; i++) x = _norms[i].Normalize(_convolutions[i].forward(x), rectify: true, reuseInput: true);
        var latents = x.to_type(_masterType).squeeze(2).transpose(1, 2);
        return cat([latents, _recurrence.forward(latents)], 2).transpose(1, 2).unsqueeze(2).MoveToOuterDisposeScope();
    }
}

/// <summary>A convolution along a signal [B, C, 1, L] without bias: as wide as two strides, padded so that its output is L/stride long.</summary>
internal sealed class SignalConvolution : nn.Module<Tensor, Tensor>
{
    [ComponentName(Name = "weight")]
    private readonly Parameter _weight;

    private readonly ScalarType _computeType;
    private readonly long[] _stride;
    private readonly long[] _padding;

    public SignalConvolution(LayerContext context, int inputs, int outputs, int stride)
        : base(nameof(SignalConvolution))
    {
        _weight = context.KaimingNormal([outputs, inputs, 1, 2 * stride]);
        _computeType = context.ComputeType;
        _stride = [1, stride];
        _padding = [0, stride / 2];
        RegisterComponents();
    }

    public override Tensor forward(Tensor input)
    {
        using var scope = NewDisposeScope();
        return nn.functional.conv2d(input.to_type(_computeType), _weight.to_type(_computeType), null, _stride, _padding).MoveToOuterDisposeScope();
    }
}
