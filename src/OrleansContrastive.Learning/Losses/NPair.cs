using TorchSharp;
using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Losses;

/// <summary>
/// The multi-class N-pair loss (Sohn 2016, eq. 7): N pairs of N different labels, each anchor against the positives of all others.
/// </summary>
/// <remarks>
/// (1/N) Σ ln(1 + Σ_{j≠i} exp(aᵢ·pⱼ − aᵢ·pᵢ)): <see cref="InBatchInfoNce"/> with T = 1 on rows that are not normalised, whose length
/// is held back by a penalty instead. How that is weighted differs from code to code; here it is λ times the mean squared length of
/// the 2N rows. Computed in float32, or float64 where the anchors are. Differentiable by autograd.
/// </remarks>
public static class NPair
{
    /// <summary>The mean loss of the anchors.</summary>
    /// <param name="anchors">[N, D], of N different labels.</param>
    /// <param name="positives">[N, D]; row i has the label of anchor i.</param>
    /// <param name="penalty">λ, 0 or more.</param>
    /// <returns>A scalar; the penalty alone for one pair.</returns>
    /// <exception cref="ArgumentException">The shapes disagree, or there is no pair.</exception>
    public static Tensor Loss(Tensor anchors, Tensor positives, double penalty = 0)
    {
        LossRows.RequirePairs(anchors, positives);
        ArgumentOutOfRangeException.ThrowIfNegative(penalty);
        using var scope = NewDisposeScope();
        var loss = InBatchInfoNce.Loss(anchors, positives, 1);
        if (penalty > 0)
        {
            var squares = LossRows.Widen(anchors).square().sum().add(LossRows.WidenAs(positives, anchors).square().sum());
            loss = loss.add(squares.mul(penalty / (2 * anchors.shape[0])));
        }

        return loss.MoveToOuterDisposeScope();
    }
}
