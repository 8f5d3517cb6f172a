using System.Globalization;
using OrleansContrastive.Learning.Encoders;
using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Heads;

/// <summary>
/// A stack of linear layers, named by their position in torch's Sequential (a batch norm takes a position, and so does a ReLU, which
/// holds nothing), so that published heads load by name: 0 and 2 for <c>mlp</c>; 0, 1, 3 and 4 for <c>simclr-mlp</c>; a <c>linear</c>
/// head is one layer 0.
/// </summary>
public sealed class Perceptron : nn.Module<Tensor, Tensor>
{
    private readonly List<Func<Tensor, Tensor>> _steps = [];
    private int _position;

    /// <summary>Makes the layers and draws their weights.</summary>
    /// <param name="context">Where weights come from.</param>
    /// <param name="shape">How the layers are built.</param>
    /// <param name="inputs">Width of the input.</param>
    /// <param name="hidden">Width of the hidden layers.</param>
    /// <param name="outputs">Width of the output.</param>
    public Perceptron(LayerContext context, HeadShape shape, int inputs, int hidden, int outputs)
        : base(nameof(Perceptron))
    {
        for (var layer = 0; layer < shape.Layers; layer++)
        {
            var last = layer == shape.Layers - 1;
            var width = last ? outputs : hidden;
            Add(new LinearLayer(context, inputs, width, shape.Bias));
            var norms = last ? shape.OutputNorm : shape.HiddenNorm;
            if (norms) Add(new SplitBatchNorm(context, width, affine: !last || shape.OutputAffine), rectify: !last && !shape.Gelu);
            if (!last) Activate(shape.Gelu, alreadyDone: norms && !shape.Gelu);
            inputs = width;
        }

        RegisterComponents();
    }

    /// <summary>[B, inputs] to [B, outputs].</summary>
    public override Tensor forward(Tensor input)
    {
        var x = _steps[0](input);
        for (var i = 1; i < _steps.Count; i++)
        {
            using var previous = x;
            x = _steps[i](previous);
        }

        return x;
    }

    private void Add(LinearLayer layer)
    {
        register_module(_position++.ToString(CultureInfo.InvariantCulture), layer);
        _steps.Add(layer.forward);
    }

    private void Add(SplitBatchNorm norm, bool rectify)
    {
        register_module(_position++.ToString(CultureInfo.InvariantCulture), norm);
        _steps.Add(x => norm.Normalize(x, rectify, reuseInput: true));
    }

    private void Activate(bool gelu, bool alreadyDone)
    {
        _position++;
        if (!alreadyDone) _steps.Add(gelu ? x => nn.functional.gelu(x) : x => nn.functional.relu(x));
    }
}
