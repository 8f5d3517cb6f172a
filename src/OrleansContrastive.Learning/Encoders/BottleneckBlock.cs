using TorchSharp;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Encoders;

/// <summary>
/// 1x1, 3x3 and 1x1 convolutions with a shortcut (He et al., 2016, figure 5 right); the stride is on the 3x3, as in
/// torchvision.
/// </summary>
internal sealed class BottleneckBlock : nn.Module<Tensor, Tensor>
{
    /// <summary>How many times wider the output of a block is than its 3x3 convolution.</summary>
    public const int Expansion = 4;

    [ComponentName(Name = "conv1")]
    private readonly Convolution _reduce;

    [ComponentName(Name = "bn1")]
    private readonly MapNorm _reduceNorm;

    [ComponentName(Name = "conv2")]
    private readonly Convolution _spatial;

    [ComponentName(Name = "bn2")]
    private readonly MapNorm _spatialNorm;

    [ComponentName(Name = "conv3")]
    private readonly Convolution _expand;

    [ComponentName(Name = "bn3")]
    private readonly MapNorm _expandNorm;

    [ComponentName(Name = "downsample")]
    private readonly Downsample? _downsample;

    public BottleneckBlock(LayerContext context, ResNetSpec spec, int inputs, int width, int stride)
        : base(nameof(BottleneckBlock))
    {
        var outputs = width * Expansion;
        _reduce = new Convolution(context, inputs, width, 1, 1);
        _reduceNorm = MapNorm.Create(context, spec.Norm, width);
        _spatial = new Convolution(context, width, width, 3, stride);
        _spatialNorm = MapNorm.Create(context, spec.Norm, width);
        _expand = new Convolution(context, width, outputs, 1, 1);
        _expandNorm = MapNorm.Create(context, spec.Norm, outputs, spec.ResidualScale);
        if (stride != 1 || inputs != outputs) _downsample = new Downsample(context, spec.Norm, inputs, outputs, stride);
        RegisterComponents();
    }

    public override Tensor forward(Tensor input)
    {
        using var reduced = _reduce.forward(input);
        using var narrow = _reduceNorm.Normalize(reduced, rectify: true, reuseInput: true);
        using var convolved = _spatial.forward(narrow);
        using var inner = _spatialNorm.Normalize(convolved, rectify: true, reuseInput: true);
        using var residual = _expand.forward(inner);
        using var shortcut = _downsample?.forward(input);
        return _expandNorm.Normalize(residual, rectify: true, shortcut ?? input, reuseInput: true);
    }
}
