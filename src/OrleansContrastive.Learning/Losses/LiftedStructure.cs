using OrleansContrastive.Learning.Distances;
using TorchSharp;
using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Losses;

/// <summary>
/// Lifted structured loss (Oh Song et al. 2016, eq. 4): every pair of a label against all negatives of both of its rows.
/// </summary>
/// <remarks>
/// J = 1/(2|P|) Σ max(0, Jᵢⱼ)², Jᵢⱼ = dᵢⱼ + ln(Σ_k exp(m − d_ik) + Σ_l exp(m − d_jl)), the outer sum over the pairs i &lt; j of one
/// label, the inner over the rows of other labels, d Euclidean. Computed in float32, or float64 where the rows are.
/// Differentiable by autograd.
/// </remarks>
public static class LiftedStructure
{
    /// <summary>The loss of a batch.</summary>
    /// <param name="rows">[N, D].</param>
    /// <param name="labels">One for each row.</param>
    /// <param name="margin">m, positive; 1 in the paper.</param>
    /// <returns>A scalar.</returns>
    /// <exception cref="ArgumentException">The shapes disagree, no two rows have one label, or all have the same.</exception>
    public static Tensor Loss(Tensor rows, IReadOnlyList<long> labels, double margin)
    {
        LossRows.RequireRows(rows);
        LossRows.RequireOnePerRow(rows, labels);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(margin);
        LossRows.RequirePositiveAndNegative(labels);
        using var scope = NewDisposeScope();
        var apart = Distance.Euclidean.Pairwise(rows, rows);
        var same = LossRows.SameLabel(labels, rows.device);
        var pushed = apart.neg().add(margin).masked_fill(same, double.NegativeInfinity).logsumexp(1);
        var lifted = apart.add(pushed.unsqueeze(1).logaddexp(pushed.unsqueeze(0)));
        return lifted.masked_select(same.triu(1)).relu().square().mean().div(2).MoveToOuterDisposeScope();
    }
}
