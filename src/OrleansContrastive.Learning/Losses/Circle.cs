using TorchSharp;
using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Losses;

/// <summary>
/// Circle loss (Sun et al. 2020, eqs. 4 to 6) over the pairs of a labelled batch: a similarity is weighted by how far it is from
/// where it should be.
/// </summary>
/// <remarks>
/// ℓᵢ = ln(1 + Σ_n exp(γ αₙ (sₙ − m)) · Σ_p exp(−γ α_p (s_p − 1 + m))), αₙ = max(0, sₙ + m), α_p = max(0, 1 + m − s_p); the weights α are
/// constants to the gradient. The loss is the mean over the rows that have a positive and a negative. Similarities are in
/// float32, or float64 where the rows are; sums in log space. Differentiable by autograd.
/// </remarks>
public static class Circle
{
    /// <summary>The mean loss of the rows that have a positive and a negative.</summary>
    /// <param name="rows">[N, D] unit rows.</param>
    /// <param name="labels">One for each row.</param>
    /// <param name="margin">m; 0.25 in the paper.</param>
    /// <param name="scale">γ, positive; 256 in the paper for faces, 80 to 128 elsewhere.</param>
    /// <returns>A scalar.</returns>
    /// <exception cref="ArgumentException">The shapes disagree, no two rows have one label, or all have the same.</exception>
    public static Tensor Loss(Tensor rows, IReadOnlyList<long> labels, double margin = 0.25, double scale = 256)
    {
        LossRows.RequireRows(rows);
        LossRows.RequireOnePerRow(rows, labels);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(scale);
        LossRows.RequirePositiveAndNegative(labels);
        using var scope = NewDisposeScope();
        var chosen = tensor(LossRows.Anchors(labels), device: rows.device);
        var wide = LossRows.Widen(rows);
        var similarity = wide.index_select(0, chosen).mm(wide.t());
        var same = LossRows.SameLabel(labels, rows.device).index_select(0, chosen);
        var self = LossRows.Diagonal(labels.Count, rows.device).index_select(0, chosen);
        var still = similarity.detach();
        var push = similarity.sub(margin).mul(still.add(margin).relu()).mul(scale);
        var pull = similarity.sub(1 - margin).mul(still.neg().add(1 + margin).relu()).mul(-scale);
        var negative = push.masked_fill(same, double.NegativeInfinity).logsumexp(1);
        var positive = pull.masked_fill(same.logical_not().logical_or(self), double.NegativeInfinity).logsumexp(1);
        return negative.add(positive).softplus(1, LossRows.Linear).mean().MoveToOuterDisposeScope();
    }
}
