using OrleansContrastive.Learning.Encoders;
using TorchSharp;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Heads;

/// <summary>CPC's context and its predictions (van den Oord et al. 2018; Hénaff et al. 2020): convolutions that see the patches above and beside a place but
/// none below, and a linear map W_k for every step down the grid.</summary>
public sealed class GridContext : nn.Module<Tensor, Tensor>
{
    // 3 x 3 taps that reach two rows up and none down.
    private const int Reach = 3;
    private const int Layers = 2;

    [ComponentName(Name = "layer0")]
    private readonly Parameter _first;

    [ComponentName(Name = "layer1")]
    private readonly Parameter _second;

    [ComponentName(Name = "steps")]
    private readonly Parameter _steps;

    private readonly bool _normalises;

    /// <summary>Draws the weights.</summary>
    /// <param name="context">Where weights come from.</param>
    /// <param name="width">F.</param>
    /// <param name="steps">K, rows that are foretold.</param>
    /// <param name="normalises">Layer norm on features and context (CPC v2).</param>
    public GridContext(LayerContext context, int width, int steps, bool normalises)
        : base(nameof(GridContext))
    {
        ArgumentNullException.ThrowIfNull(context);
        _first = context.KaimingNormal([width, width, Reach, Reach]);
        _second = context.KaimingNormal([width, width, Reach, Reach]);
        _steps = context.Uniform([steps, width, width], width);
        _normalises = normalises;
        RegisterComponents();
    }

    /// <summary>Features of a grid [B, R, R, F] to the context of each place, [B, R, R, F].</summary>
    public override Tensor forward(Tensor input)
    {
        using var scope = NewDisposeScope();
        var map = Norm(input).permute(0, 3, 1, 2);
        foreach (var weight in new[] { _first, _second })
        {
            var seen = nn.functional.pad(map, [Reach / 2, Reach / 2, Reach - 1, 0]);
            map = map + nn.functional.relu(nn.functional.conv2d(seen, weight));
        }

        return Norm(map.permute(0, 2, 3, 1)).MoveToOuterDisposeScope();
    }

    /// <summary>What lies k rows below each place, as its context has it: W_k c.</summary>
    /// <param name="places">[n, F].</param>
    /// <param name="step">k − 1.</param>
    public Tensor Predict(Tensor places, int step)
    {
        using var scope = NewDisposeScope();
        return places.mm(_steps.select(0, step).t()).MoveToOuterDisposeScope();
    }

    /// <summary>Layer norm over the features, where the method has it.</summary>
    public Tensor Norm(Tensor rows) => _normalises ? nn.functional.layer_norm(rows, [rows.shape[^1]]) : rows.alias();
}
