using OrleansContrastive.Learning.Encoders;
using TorchSharp;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Heads;

/// <summary>Scores of rows at unit prototypes: the products of unit rows with the unit rows of the weight (SwAV, section 3.1; DINO's weight-normed last
/// layer with its length held at 1).</summary>
public sealed class PrototypeLayer : nn.Module<Tensor, Tensor>
{
    [ComponentName(Name = "weight")]
    private readonly Parameter _weight;

    /// <summary>Draws the prototypes.</summary>
    /// <param name="context">Where weights come from.</param>
    /// <param name="width">D.</param>
    /// <param name="count">P.</param>
    public PrototypeLayer(LayerContext context, int width, int count)
        : base(nameof(PrototypeLayer))
    {
        ArgumentNullException.ThrowIfNull(context);
        _weight = context.Uniform([count, width], width);
        RegisterComponents();
    }

    /// <summary>[B, D] rows, normalised here, to [B, P] scores from −1 to 1.</summary>
    public override Tensor forward(Tensor input) => Scores(input, frozen: false);

    /// <summary>The same; frozen prototypes get no gradient.</summary>
    public Tensor Scores(Tensor rows, bool frozen)
    {
        using var scope = NewDisposeScope();
        var prototypes = nn.functional.normalize(frozen ? _weight.detach() : _weight, p: 2, dim: 1);
        return nn.functional.normalize(rows, p: 2, dim: 1).mm(prototypes.t()).MoveToOuterDisposeScope();
    }
}
