using OrleansContrastive.Learning.Heads;
using OrleansContrastive.Learning.Losses;
using OrleansContrastive.Learning.Methods.Frame;
using TorchSharp;
using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Methods;

/// <summary>Options of <see cref="ContrastivePredictiveCoding"/>.</summary>
public sealed record CpcOptions
{
    /// <summary>Side of a patch; 0 = 8 below 96 pixels, and a quarter of the image from there on.</summary>
    public int Patch { get; init; }

    /// <summary>Pixels between patches; 0 = half a patch.</summary>
    public int Stride { get; init; }

    /// <summary>K: rows that are foretold.</summary>
    public int Steps { get; init; } = 3;

    /// <summary>Rows next to the context that are not foretold, since their patches share pixels with it; 0 or more.</summary>
    public int Skip { get; init; }

    /// <summary>Directions in which rows are foretold: 1 (down) or 4 (down, up, right, left).</summary>
    public int Directions { get; init; } = 1;

    /// <summary>Layer norm on features and context; which norm the encoder has, its name says.</summary>
    public bool LayerNorm { get; init; }

    /// <summary>Patches are turned over at random and lose two of three colours, each by itself.</summary>
    public bool PatchAugmentation { get; init; }
}

/// <summary>Contrastive predictive coding on images: v1 (van den Oord et al. 2018) and v2 (Hénaff et al. 2020; four directions, layer norm, patch augmentation). The
/// rows of patches seen so far foretell the patches k rows below, each among all patches of the batch that lie k rows below something.</summary>
/// <remarks>
/// L = mean over directions, steps k and places of −ln exp(W_k c · z⁺) / Σ exp(W_k c · z), scores divided by the run's temperature (1 in the paper, which has none). Chance and accuracy are
/// means over the same steps. The directions share the context and the W_k; the public replication of v2 has W_k of their own. The context is two
/// causal convolutions, smaller than the paper's PixelCNN. v2's encoder has layer norm in place of batch norm, by which the patches of an image tell of each other: its recipes take the encoders
/// whose names end with <c>-ln</c> (<see cref="Encoders.MapLayerNorm"/>). Any other may be asked for.
/// </remarks>
public sealed class ContrastivePredictiveCoding(MethodContext context, CpcOptions options) : IContrastiveMethod
{
    /// <inheritdoc/>
    public MethodPlan Plan { get; } = new()
    {
        QueryViews = [0],
        Input = Encoders.EncoderInput.Images,
        Guard = null,
        Grid = GridOf(context, options),
        Parts = [new("context", (layers, widths) => new GridContext(layers, widths.Features, options.Steps, options.LayerNorm))],
    };

    /// <inheritdoc/>
    public EncodedBatch Encode(MethodBatch batch)
    {
        var model = batch.Model;
        if (!options.PatchAugmentation) return new(batch, outputs: [model.GridFeatures(batch.Views[0])]);

        var (patches, rows) = Patches.Grid(batch.Views[0], Plan.Grid!.Side, Plan.Grid.Stride);
        using var plain = new PatchNoise(batch.Position).Apply(patches, mirror: true);
        return new(batch, outputs: [model.MapFeatures(plain).view(batch.Count, rows, rows, model.FeatureWidth)]);
    }

    /// <inheritdoc/>
    public MethodLoss Loss(EncodedBatch encoded, MethodTargets targets)
    {
        var context = ((Encoders.ContrastiveModel)encoded.Network).Part<GridContext>("context");
        var grid = encoded.Outputs[0];
        Tensor? loss = null;
        var meters = new List<(LossValue, double)>();
        for (var direction = 0; direction < options.Directions; direction++)
        {
            var turned = direction switch { 0 => grid, 1 => grid.flip(1), 2 => grid.transpose(1, 2), _ => grid.transpose(1, 2).flip(1) };
            var (part, value) = Downwards(turned, context);
            loss = loss is null ? part : loss + part;
            meters.Add((value, 1));
        }

        return new(loss!.div(options.Directions), LossValue.Weighted(meters));
    }

    private (Tensor Loss, LossValue Meters) Downwards(Tensor grid, GridContext context)
    {
        var rows = grid.shape[1];
        var steps = (int)Math.Min(options.Steps, rows - 1 - options.Skip);
        var (contexts, features) = (context.forward(grid), context.Norm(grid));
        Tensor? loss = null;
        var meters = new List<(LossValue, double)>();
        for (var step = 0; step < steps; step++)
        {
            var below = options.Skip + step + 1;
            var predictions = context.Predict(contexts.narrow(1, 0, rows - below).reshape(-1, grid.shape[3]), step);
            var wanted = features.narrow(1, below, rows - below).reshape(-1, grid.shape[3]);
            var logits = predictions.mm(wanted.t()).div(Temperature);
            var classes = arange(logits.shape[0], device: logits.device);
            var part = nn.functional.cross_entropy(logits, classes);
            loss = loss is null ? part : loss + part;
            meters.Add((BatchMeters.Classes(logits, classes), 1));
        }

        return (loss!.div(steps), LossValue.Weighted(meters) with { Samples = (int)grid.shape[0] });
    }

    private double Temperature { get; } = context.Temperature;

    private static Encoders.PatchGrid GridOf(MethodContext context, CpcOptions options)
    {
        var side = options.Patch > 0 ? options.Patch : context.ImageSize < 96 ? 8 : context.ImageSize / 4;
        var grid = new Encoders.PatchGrid(side, options.Stride > 0 ? options.Stride : side / 2);
        var rows = ((context.ImageSize - grid.Side) / grid.Stride) + 1;
        if (options.Skip < 0) throw new ArgumentException($"CPC skips 0 rows or more, found {options.Skip}.");
        if (grid.Side > context.ImageSize || rows < 2 + options.Skip)
            throw new ArgumentException($"Patches of {grid.Side} pixels, {grid.Stride} apart, make {Math.Max(0, rows)} rows of a view of {context.ImageSize}; expected {2 + options.Skip} or more.");
        if (options.Directions is not (1 or 4)) throw new ArgumentException($"CPC looks in 1 direction or 4, found {options.Directions}.");
        if (options.Steps < 1) throw new ArgumentException($"CPC foretells 1 step or more, found {options.Steps}.");
        return grid;
    }
}
