using TorchSharp;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Encoders;

/// <summary>The shortcut of a block that changes the shape: a 1x1 convolution and its norm.</summary>
internal sealed class Downsample : nn.Module<Tensor, Tensor>
{
    [ComponentName(Name = "0")]
    private readonly Convolution _convolution;

    [ComponentName(Name = "1")]
    private readonly MapNorm _norm;

    public Downsample(LayerContext context, NormKind norm, int inputs, int outputs, int stride)
        : base(nameof(Downsample))
    {
        _convolution = new Convolution(context, inputs, outputs, 1, stride);
        _norm = MapNorm.Create(context, norm, outputs);
        RegisterComponents();
    }

    public override Tensor forward(Tensor input)
    {
        using var projected = _convolution.forward(input);
        return _norm.Normalize(projected, rectify: false, reuseInput: true);
    }
}
