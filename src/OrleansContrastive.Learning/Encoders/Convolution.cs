using TorchSharp;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Encoders;

/// <summary>A square convolution without bias, padded to keep the size at stride 1.</summary>
internal sealed class Convolution : nn.Module<Tensor, Tensor>
{
    [ComponentName(Name = "weight")]
    private readonly Parameter _weight;

    private readonly ScalarType _computeType;
    private readonly long[] _stride;
    private readonly long[] _padding;
    private readonly bool _pairsSingleChannel;

    public Convolution(LayerContext context, int inputs, int outputs, int kernel, int stride)
        : base(nameof(Convolution))
    {
        _weight = context.KaimingNormal([outputs, inputs, kernel, kernel]);
        _computeType = context.ComputeType;
        _stride = [stride, stride];
        _padding = [kernel / 2, kernel / 2];

        // oneDNN has no fast kernel for one input channel (measured 12 ms against 1.1 ms with a second, empty channel).
        _pairsSingleChannel = inputs == 1 && context.Options.Device.type == DeviceType.CPU;
        RegisterComponents();
    }

    /// <summary>[B, inputs, H, W] to [B, outputs, H', W'], computed and returned in the compute type.</summary>
    public override Tensor forward(Tensor input)
    {
        using var scope = NewDisposeScope();
        var x = input.to_type(_computeType);
        var weight = _weight.to_type(_computeType);
        if (_pairsSingleChannel)
        {
            x = Layout.ChannelsLast(cat([x, zeros_like(x)], 1));
            weight = cat([weight, zeros_like(weight)], 1);
        }

        return nn.functional.conv2d(x, weight, null, _stride, _padding).MoveToOuterDisposeScope();
    }
}
