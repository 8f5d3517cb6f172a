using TorchSharp;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Encoders;

/// <summary>A residual network without its classifier; parameters are named as in torchvision (conv1, bn1, layer1 …), whatever the norm is.</summary>
internal sealed class ResNet : ConvolutionalEncoder
{
    [ComponentName(Name = "conv1")]
    private readonly Convolution _stem;

    [ComponentName(Name = "bn1")]
    private readonly MapNorm _stemNorm;

    private readonly Stage[] _stages;
    private readonly bool _pools;
    private readonly bool _channelsLast;

    public ResNet(LayerContext context, ResNetSpec spec)
        : base(nameof(ResNet))
    {
        var large = spec.Stem == StemKind.ImageNet;
        _stem = new Convolution(context, spec.InputChannels, spec.Width, large ? 7 : 3, large ? 2 : 1);
        _stemNorm = MapNorm.Create(context, spec.Norm, spec.Width);
        register_module("conv1", _stem);
        register_module("bn1", _stemNorm);
        _pools = large;
        _channelsLast = context.Options.UsesChannelsLast;

        _stages = new Stage[spec.Blocks.Count];
        var inputs = spec.Width;
        for (var i = 0; i < _stages.Length; i++)
        {
            var width = spec.Width << i;
            _stages[i] = new Stage(context, spec, inputs, width, spec.Blocks[i], i == 0 ? 1 : 2);
            register_module($"layer{i + 1}", _stages[i]);
            inputs = width * (spec.Bottleneck ? BottleneckBlock.Expansion : 1);
        }

        RegisterComponents();
    }

    /// <summary>[B, C, H, W] to the map of the last stage [B, F, h, w], before pooling.</summary>
    public override Tensor forward(Tensor input)
    {
        using var channelsLast = _channelsLast ? Layout.ChannelsLast(input) : null;
        using var convolved = _stem.forward(channelsLast ?? input);
        var x = _stemNorm.Normalize(convolved, rectify: true, reuseInput: true);
        if (_pools)
        {
            using var large = x;
            x = nn.functional.max_pool2d(large, [3, 3], [2, 2], [1, 1]);
        }

        foreach (var stage in _stages)
        {
            using var previous = x;
            x = stage.forward(previous);
        }

        return x;
    }
}
