using OrleansContrastive.Learning.Distances;
using TorchSharp;
using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Losses;

/// <summary>
/// Soft nearest neighbour loss (Frosst, Papernot and Hinton 2019, eq. 1): the chance that a neighbour, drawn by distance, has the
/// row's own label.
/// </summary>
/// <remarks>
/// ℓᵢ = −ln [Σ_{j≠i, yⱼ=yᵢ} exp(−|xᵢ − xⱼ|²/T) / Σ_{k≠i} exp(−|xᵢ − x_k|²/T)], the mean over the rows that have another of their label
/// (the paper's sum has no term for the rest). Unlike <see cref="SupervisedContrast"/> the sum over positives is within the
/// logarithm. Computed in float32, or float64 where the rows are. Differentiable by autograd.
/// </remarks>
public static class SoftNearestNeighbour
{
    /// <summary>The mean loss of the rows that have another of their label.</summary>
    /// <param name="rows">[N, D].</param>
    /// <param name="labels">One for each row.</param>
    /// <param name="temperature">T, positive, in units of the squared distance.</param>
    /// <returns>A scalar; 0 where all have one label.</returns>
    /// <exception cref="ArgumentException">The shapes disagree, or no two rows have one label.</exception>
    public static Tensor Loss(Tensor rows, IReadOnlyList<long> labels, double temperature)
    {
        LossRows.RequireRows(rows);
        LossRows.RequireOnePerRow(rows, labels);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(temperature);
        using var scope = NewDisposeScope();
        var chosen = tensor(LossRows.Anchors(labels), device: rows.device);
        var self = LossRows.Diagonal(labels.Count, rows.device).index_select(0, chosen);
        var same = LossRows.SameLabel(labels, rows.device).index_select(0, chosen);
        var near = Distance.SquaredEuclidean.Pairwise(rows.index_select(0, chosen), rows).div(-temperature)
            .masked_fill(self, double.NegativeInfinity);
        var own = near.masked_fill(same.logical_not(), double.NegativeInfinity).logsumexp(1);
        return near.logsumexp(1).sub(own).mean().MoveToOuterDisposeScope();
    }
}
