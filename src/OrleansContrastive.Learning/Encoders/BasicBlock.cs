using TorchSharp;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Encoders;

/// <summary>Two 3x3 convolutions with a shortcut (He et al., 2016, figure 5 left).</summary>
internal sealed class BasicBlock : nn.Module<Tensor, Tensor>
{
    [ComponentName(Name = "conv1")]
    private readonly Convolution _first;

    [ComponentName(Name = "bn1")]
    private readonly MapNorm _firstNorm;

    [ComponentName(Name = "conv2")]
    private readonly Convolution _second;

    [ComponentName(Name = "bn2")]
    private readonly MapNorm _secondNorm;

    [ComponentName(Name = "downsample")]
    private readonly Downsample? _downsample;

    public BasicBlock(LayerContext context, ResNetSpec spec, int inputs, int width, int stride)
        : base(nameof(BasicBlock))
    {
        _first = new Convolution(context, inputs, width, 3, stride);
        _firstNorm = MapNorm.Create(context, spec.Norm, width);
        _second = new Convolution(context, width, width, 3, 1);
        _secondNorm = MapNorm.Create(context, spec.Norm, width, spec.ResidualScale);
        if (stride != 1 || inputs != width) _downsample = new Downsample(context, spec.Norm, inputs, width, stride);
        RegisterComponents();
    }

    public override Tensor forward(Tensor input)
    {
        // Disposed as soon as they are used: without gradients the next layer then writes into warm memory.
        using var convolved = _first.forward(input);
        using var inner = _firstNorm.Normalize(convolved, rectify: true, reuseInput: true);
        using var residual = _second.forward(inner);
        using var shortcut = _downsample?.forward(input);
        return _secondNorm.Normalize(residual, rectify: true, shortcut ?? input, reuseInput: true);
    }
}
