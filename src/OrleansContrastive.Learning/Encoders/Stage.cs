using System.Globalization;
using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Encoders;

/// <summary>The blocks between two halvings of the image, named 0, 1, … as in torchvision.</summary>
internal sealed class Stage : nn.Module<Tensor, Tensor>
{
    private readonly nn.Module<Tensor, Tensor>[] _blocks;

    public Stage(LayerContext context, ResNetSpec spec, int inputs, int width, int blocks, int stride)
        : base(nameof(Stage))
    {
        _blocks = new nn.Module<Tensor, Tensor>[blocks];
        for (var i = 0; i < blocks; i++)
        {
            _blocks[i] = spec.Bottleneck
                ? new BottleneckBlock(context, spec, inputs, width, stride)
                : new BasicBlock(context, spec, inputs, width, stride);
            register_module(i.ToString(CultureInfo.InvariantCulture), _blocks[i]);
            inputs = width * (spec.Bottleneck ? BottleneckBlock.Expansion : 1);
            stride = 1;
        }

        RegisterComponents();
    }

    public override Tensor forward(Tensor input)
    {
        var x = _blocks[0].forward(input);
        foreach (var block in _blocks.AsSpan(1))
        {
            using var previous = x;
            x = block.forward(previous);
        }

        return x;
    }
}
