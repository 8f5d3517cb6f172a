using OrleansContrastive.Learning.Losses;
using OrleansContrastive.Learning.Methods.Frame;
using OrleansContrastive.Learning.Miners;
using TorchSharp;
using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Methods;

/// <summary>Which triplets of a batch count.</summary>
public enum TripletMiner
{
    /// <summary>The farthest positive and the nearest negative of every row (Hermans et al. 2017).</summary>
    BatchHard,

    /// <summary>Negatives farther than the positive, but within the margin (Schroff et al. 2015).</summary>
    SemiHard,

    /// <summary>Negatives drawn against the density of their distances (Wu et al. 2017).</summary>
    DistanceWeighted,

    /// <summary>Pairs that the hardest of the other kind makes informative (Wang et al. 2019).</summary>
    MultiSimilarity,

    /// <summary>All of them.</summary>
    All,
}

/// <summary>Options of <see cref="TripletNetwork"/>.</summary>
public sealed record TripletOptions
{
    /// <summary>What makes a positive.</summary>
    public LabelSource Labels { get; init; } = LabelSource.Classes;

    /// <summary>The choice of triplets.</summary>
    public TripletMiner Miner { get; init; } = TripletMiner.SemiHard;

    /// <summary>Margin between the distances, which are Euclidean; the 0.2 of Schroff et al. is one of squared distances.</summary>
    public double Margin { get; init; } = 0.2;

    /// <summary>ln(1 + exp(d⁺ − d⁻)) in place of the hinge.</summary>
    public bool SoftMargin { get; init; }
}

/// <summary>The triplet network (Schroff et al. 2015; Hermans et al. 2017): an anchor is nearer to its positive than to its negative, by a margin.</summary>
/// <remarks>A batch in which the miner finds nothing has loss 0.</remarks>
public sealed class TripletNetwork(MethodContext context, TripletOptions options) : IContrastiveMethod
{
    /// <inheritdoc/>
    public MethodPlan Plan { get; } = new() { NeedsLabels = options.Labels == LabelSource.Classes };

    /// <inheritdoc/>
    public EncodedBatch Encode(MethodBatch batch) =>
        new(batch, outputs: batch.Views.Select(views => Embeddings.Unit(batch.Network.forward(views))));

    /// <inheritdoc/>
    public MethodLoss Loss(EncodedBatch encoded, MethodTargets targets)
    {
        var (first, second) = (encoded.Outputs[0], encoded.Outputs[1]);
        var rows = cat([first, second]);
        var triplets = Mine(rows, BatchLabels.Of(encoded, options.Labels), encoded.Position);
        var loss = triplets.Count == 0 ? rows.sum().mul(0)
            : options.SoftMargin ? Triplets.SoftMargin(rows, triplets)
            : Triplets.Loss(rows, triplets, options.Margin);
        return new(loss, BatchMeters.Pairs(first, second, context.Temperature, options.SoftMargin ? Math.Log(2) : options.Margin, triplets.Count));
    }

    private TripletIndices Mine(Tensor rows, long[] labels, StepPosition position) => options.Miner switch
    {
        TripletMiner.BatchHard => BatchHard.Mine(rows, labels),
        TripletMiner.SemiHard => SemiHard.Mine(rows, labels, options.Margin),
        TripletMiner.DistanceWeighted => DistanceWeighted.Mine(rows, labels, position.Seed, position.Lease),
        TripletMiner.MultiSimilarity => MultiSimilarity.Mine(rows, labels),
        _ => AllTriplets.Mine(labels),
    };
}
