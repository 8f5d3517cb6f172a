using System.Globalization;
using OrleansContrastive.Learning.Encoders;
using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Heads;

/// <summary>
/// A stack of layers named by their position in torch's Sequential (a ReLU takes a position and holds nothing), so
/// that published heads load by name: 0 and 2 for <c>mlp</c>; 0, 1, 3 and 4 for <c>simclr-mlp</c>; a <c>linear</c> head
/// is one layer 0.
/// </summary>
internal sealed class ProjectionHead : nn.Module<Tensor, Tensor>
{
    private readonly List<Func<Tensor, Tensor>> _steps = [];

    public ProjectionHead(LayerContext context, HeadSpec spec, int featureWidth)
        : base(nameof(ProjectionHead))
    {
        var hidden = spec.HiddenWidth == 0 ? featureWidth : spec.HiddenWidth;
        switch (spec.Kind)
        {
            case "linear":
                Linear(0, new LinearLayer(context, featureWidth, spec.OutputWidth, bias: true));
                break;
            case "mlp":
                Linear(0, new LinearLayer(context, featureWidth, hidden, bias: true));
                _steps.Add(x => nn.functional.relu(x));
                Linear(2, new LinearLayer(context, hidden, spec.OutputWidth, bias: true));
                break;
            default:
                Linear(0, new LinearLayer(context, featureWidth, hidden, bias: false));
                Norm(1, new SplitBatchNorm(context, hidden), rectify: true);
                Linear(3, new LinearLayer(context, hidden, spec.OutputWidth, bias: false));
                Norm(4, new SplitBatchNorm(context, spec.OutputWidth), rectify: false);
                break;
        }

        RegisterComponents();
    }

    /// <summary>[B, F] to [B, D].</summary>
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

    private void Linear(int position, LinearLayer layer)
    {
        register_module(position.ToString(CultureInfo.InvariantCulture), layer);
        _steps.Add(layer.forward);
    }

    private void Norm(int position, SplitBatchNorm norm, bool rectify)
    {
        register_module(position.ToString(CultureInfo.InvariantCulture), norm);
        _steps.Add(x => norm.Normalize(x, rectify, reuseInput: true));
    }
}
