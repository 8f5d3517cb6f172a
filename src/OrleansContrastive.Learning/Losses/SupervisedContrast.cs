using TorchSharp;
using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Losses;

/// <summary>
/// Supervised contrastive loss (Khosla et al. 2020), the form L_out of eq. 2, with the mean over positives outside the
/// logarithm: every row of the same label is a positive.
/// </summary>
/// <remarks>
/// ℓᵢ = −1/|P(i)| Σ ln [exp(zᵢ·z_p/T) / Σ exp(zᵢ·z_a/T)], the outer sum over p in P(i), the rows of i's label without i, the
/// inner over all a ≠ i. The paper sums over the rows; this is the mean over those that have a positive, and without the
/// factor T over base T of the released code. With one label for the two views of each image it is <see cref="NtXent"/>.
/// Logits are in float32, or float64 where the rows are. Differentiable by autograd.
/// </remarks>
public static class SupervisedContrast
{
    /// <summary>The mean loss of the rows that have a positive.</summary>
    /// <param name="rows">[N, D] unit rows, all views of all images.</param>
    /// <param name="labels">One for each row.</param>
    /// <param name="temperature">T, positive.</param>
    /// <returns>A scalar.</returns>
    /// <exception cref="ArgumentException">The shapes disagree, or no two rows have one label.</exception>
    public static Tensor Loss(Tensor rows, IReadOnlyList<long> labels, double temperature)
    {
        LossRows.RequireRows(rows);
        LossRows.RequireOnePerRow(rows, labels);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(temperature);
        var anchors = LossRows.Anchors(labels);
        using var scope = NewDisposeScope();
        var wide = LossRows.Widen(rows);
        var self = LossRows.Diagonal(labels.Count, rows.device);
        var positive = LossRows.SameLabel(labels, rows.device).logical_and(self.logical_not()).to_type(wide.dtype);
        var logits = wide.mm(wide.t()).div(temperature);
        var others = logits.masked_fill(self, double.NegativeInfinity).logsumexp(1);
        var pulled = logits.mul(positive).sum(1).div(positive.sum(1).clamp_min(1));
        var losses = others.sub(pulled).index_select(0, tensor(anchors, device: rows.device));
        return losses.mean().MoveToOuterDisposeScope();
    }
}
