using OrleansContrastive.Learning.Distances;
using OrleansContrastive.Learning.Miners;
using TorchSharp;
using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Losses;

/// <summary>
/// The triplet loss: an anchor is to be nearer to its positive than to its negative, by a margin (Schroff, Kalenichenko and
/// Philbin 2015, eq. 1) or softly (Hermans, Beyer and Leibe 2017, section 2).
/// </summary>
/// <remarks>
/// max(0, d(a, p) − d(a, n) + m), or ln(1 + exp(d(a, p) − d(a, n))); a similarity counts as minus a distance. Which triplets: a
/// miner's, as <see cref="BatchHard"/> or <see cref="SemiHard"/>. The mean is over all triplets, also those whose loss is 0.
/// Computed in float32, or float64 where the anchors are. Differentiable by autograd.
/// </remarks>
public static class Triplets
{
    /// <summary>The mean loss with a margin.</summary>
    /// <param name="anchors">[T, D].</param>
    /// <param name="positives">[T, D].</param>
    /// <param name="negatives">[T, D].</param>
    /// <param name="margin">m, 0 or more, in units of the distance.</param>
    /// <param name="distance">Euclidean where null; FaceNet has squared Euclidean on unit rows.</param>
    /// <returns>A scalar.</returns>
    /// <exception cref="ArgumentException">The shapes disagree, or there is no triplet.</exception>
    public static Tensor Loss(Tensor anchors, Tensor positives, Tensor negatives, double margin, IDistance? distance = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(margin);
        using var scope = NewDisposeScope();
        return Excess(anchors, positives, negatives, distance).add(margin).relu().mean().MoveToOuterDisposeScope();
    }

    /// <summary>The mean loss with a soft margin.</summary>
    /// <inheritdoc cref="Loss(Tensor, Tensor, Tensor, double, IDistance?)"/>
    public static Tensor SoftMargin(Tensor anchors, Tensor positives, Tensor negatives, IDistance? distance = null)
    {
        using var scope = NewDisposeScope();
        return Excess(anchors, positives, negatives, distance).softplus(1, LossRows.Linear).mean().MoveToOuterDisposeScope();
    }

    /// <summary>The mean loss with a margin of triplets that a miner chose.</summary>
    /// <param name="rows">[N, D].</param>
    /// <param name="triplets">Places in the rows.</param>
    /// <param name="margin">m, 0 or more.</param>
    /// <param name="distance">Euclidean where null.</param>
    /// <returns>A scalar; 0, with a gradient of zeros, where there is no triplet.</returns>
    /// <exception cref="ArgumentException">The rows are not [N, D].</exception>
    public static Tensor Loss(Tensor rows, TripletIndices triplets, double margin, IDistance? distance = null)
    {
        using var scope = NewDisposeScope();
        return (Chosen(rows, triplets) is var (a, p, n) ? Loss(a, p, n, margin, distance) : Nothing(rows)).MoveToOuterDisposeScope();
    }

    /// <summary>The mean loss with a soft margin of triplets that a miner chose.</summary>
    /// <inheritdoc cref="Loss(Tensor, TripletIndices, double, IDistance?)"/>
    public static Tensor SoftMargin(Tensor rows, TripletIndices triplets, IDistance? distance = null)
    {
        using var scope = NewDisposeScope();
        return (Chosen(rows, triplets) is var (a, p, n) ? SoftMargin(a, p, n, distance) : Nothing(rows)).MoveToOuterDisposeScope();
    }

    private static Tensor Excess(Tensor anchors, Tensor positives, Tensor negatives, IDistance? distance)
    {
        LossRows.RequirePairs(anchors, positives);
        LossRows.RequirePairs(anchors, negatives);
        using var scope = NewDisposeScope();
        var measure = distance ?? Distance.Euclidean;
        var near = DistanceRows.Far(measure, measure.Aligned(anchors, positives));
        return near.sub(DistanceRows.Far(measure, measure.Aligned(anchors, negatives))).MoveToOuterDisposeScope();
    }

    private static (Tensor Anchors, Tensor Positives, Tensor Negatives)? Chosen(Tensor rows, TripletIndices triplets)
    {
        LossRows.RequireRows(rows);
        if (triplets.Count == 0) return null;
        return (Of(triplets.Anchors), Of(triplets.Positives), Of(triplets.Negatives));

        Tensor Of(IReadOnlyList<long> places) => rows.index_select(0, tensor(places.ToArray(), device: rows.device));
    }

    private static Tensor Nothing(Tensor rows) => LossRows.Widen(rows).mul(0).sum();
}
