using System.Globalization;
using System.Text.RegularExpressions;
using TorchSharp;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Encoders;

/// <summary>
/// A wide residual network (Zagoruyko and Komodakis, "Wide residual networks", 2016, table 1): <c>wrn-D-K</c>, with D = 6n + 4
/// layers in three stages of n blocks of 16K, 32K and 64K channels. <c>-ln</c> after the name replaces batch norm by layer norm.
/// </summary>
/// <param name="Name">The name it was parsed from, such as <c>wrn-28-2</c>.</param>
/// <param name="Depth">D; 10 to 100.</param>
/// <param name="Widening">K; 1 to 20.</param>
/// <param name="InputChannels">1 or 3.</param>
/// <param name="Norm">What its norms are over.</param>
public sealed partial record WideResNetSpec(string Name, int Depth, int Widening, int InputChannels, NormKind Norm = NormKind.Batch) : EncoderSpec(Name, InputChannels)
{
    internal const int StemWidth = 16;

    /// <summary>n, the blocks of each stage.</summary>
    public int BlocksPerStage => (Depth - 4) / 6;

    /// <summary>The channels of the last stage.</summary>
    public override int FeatureWidth => 4 * StemWidth * Widening;

    internal static EncoderFamily Family { get; } = new(["wrn-28-2", "wrn-28-2-ln"], "wrn-D-K sets depth and width", TryParse);

    /// <inheritdoc/>
    public override ImageEncoder Build(LayerContext context) => new WideResNet(context, this);

    private static WideResNetSpec? TryParse(string name, int channels, int imageSize)
    {
        var match = NamePattern().Match(name);
        if (!match.Success) return null;
        var depth = int.Parse(match.Groups["depth"].ValueSpan, CultureInfo.InvariantCulture);
        var widening = int.Parse(match.Groups["widening"].ValueSpan, CultureInfo.InvariantCulture);
        if (depth is < 10 or > 100 || depth % 6 != 4)
            throw new ArgumentException($"The depth of encoder '{name}' must be 6n + 4 in 10 to 100, found {depth}.", nameof(name));
        if (widening is < 1 or > 20)
            throw new ArgumentException($"The widening of encoder '{name}' must lie in 1 to 20, found {widening}.", nameof(name));
        return new WideResNetSpec(name, depth, widening, channels, match.Groups["layer"].Success ? NormKind.Layer : NormKind.Batch);
    }

    [GeneratedRegex("^wrn-(?<depth>[0-9]{1,4})-(?<widening>[0-9]{1,4})(?<layer>-ln)?$", RegexOptions.CultureInvariant)]
    private static partial Regex NamePattern();
}

/// <summary>
/// A wide residual network without its classifier. Names follow torchvision's residual networks: <c>conv1</c>;
/// <c>layer1.0.bn1</c>, <c>.conv1</c>, <c>.bn2</c>, <c>.conv2</c>, and <c>.shortcut</c> where the shape changes; <c>bn1</c>, which comes
/// last.
/// </summary>
internal sealed class WideResNet : ConvolutionalEncoder
{
    private const int Stages = 3;

    [ComponentName(Name = "conv1")]
    private readonly Convolution _stem;

    [ComponentName(Name = "bn1")]
    private readonly MapNorm _lastNorm;

    private readonly List<PreActivationBlock> _blocks = [];
    private readonly bool _channelsLast;

    public WideResNet(LayerContext context, WideResNetSpec spec)
        : base(nameof(WideResNet))
    {
        _channelsLast = context.Options.UsesChannelsLast;
        _stem = new Convolution(context, spec.InputChannels, WideResNetSpec.StemWidth, 3, 1);
        register_module("conv1", _stem);
        var inputs = WideResNetSpec.StemWidth;
        for (var stage = 0; stage < Stages; stage++)
        {
            var width = (WideResNetSpec.StemWidth << stage) * spec.Widening;
            var blocks = new PreActivationBlock[spec.BlocksPerStage];
            for (var i = 0; i < blocks.Length; i++)
            {
                blocks[i] = new PreActivationBlock(context, spec.Norm, inputs, width, stage > 0 && i == 0 ? 2 : 1);
                inputs = width;
            }

            _blocks.AddRange(blocks);
            register_module($"layer{stage + 1}", nn.ModuleList(blocks));
        }

        _lastNorm = MapNorm.Create(context, spec.Norm, inputs);
        register_module("bn1", _lastNorm);
        RegisterComponents();
    }

    /// <summary>[B, C, H, W] to the normalised and rectified map of the last stage [B, F, H/4, W/4].</summary>
    public override Tensor forward(Tensor input)
    {
        using var channelsLast = _channelsLast ? Layout.ChannelsLast(input) : null;
        var x = _stem.forward(channelsLast ?? input);
        foreach (var block in _blocks)
        {
            using var previous = x;
            x = block.forward(previous);
        }

        using var last = x;
        return _lastNorm.Normalize(last, rectify: true, reuseInput: true);
    }
}

/// <summary>
/// Norm and ReLU before each of two convolutions (He et al., "Identity mappings in deep residual networks", 2016). Where the
/// shape changes, the shortcut is a 1x1 convolution of what has passed the first norm and ReLU.
/// </summary>
internal sealed class PreActivationBlock : nn.Module<Tensor, Tensor>
{
    [ComponentName(Name = "bn1")]
    private readonly MapNorm _firstNorm;

    [ComponentName(Name = "conv1")]
    private readonly Convolution _first;

    [ComponentName(Name = "bn2")]
    private readonly MapNorm _secondNorm;

    [ComponentName(Name = "conv2")]
    private readonly Convolution _second;

    [ComponentName(Name = "shortcut")]
    private readonly Convolution? _shortcut;

    public PreActivationBlock(LayerContext context, NormKind norm, int inputs, int width, int stride)
        : base(nameof(PreActivationBlock))
    {
        _firstNorm = MapNorm.Create(context, norm, inputs);
        _first = new Convolution(context, inputs, width, 3, stride);
        _secondNorm = MapNorm.Create(context, norm, width);
        _second = new Convolution(context, width, width, 3, 1);
        if (stride != 1 || inputs != width) _shortcut = new Convolution(context, inputs, width, 1, stride);
        RegisterComponents();
    }

    public override Tensor forward(Tensor input)
    {
        using var scope = NewDisposeScope();
        var active = _firstNorm.Normalize(input, rectify: true);
        var inner = _secondNorm.Normalize(_first.forward(active), rectify: true, reuseInput: true);
        return _second.forward(inner).add(_shortcut?.forward(active) ?? input).MoveToOuterDisposeScope();
    }
}
