using TorchSharp;
using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Losses;

/// <summary>
/// The negative cosine between a prediction and a target that is held still: SimSiam's D (Chen and He 2021, eq. 1); BYOL's
/// loss (Grill et al. 2020, eq. 2) is 2 + 2 times this.
/// </summary>
/// <remarks>Computed in float32, or float64 where the predictions are. Differentiable by autograd in the predictions only.</remarks>
public static class NegativeCosine
{
    /// <summary>The mean of −cos over the rows, in [−1, 1].</summary>
    /// <param name="predictions">[B, D], of any length. A row of zeros counts as at right angles to everything and gets no gradient.</param>
    /// <param name="targets">[B, D], of any length; detached here.</param>
    /// <returns>A scalar.</returns>
    /// <exception cref="ArgumentException">The shapes disagree, or there is no row.</exception>
    public static Tensor Loss(Tensor predictions, Tensor targets)
    {
        LossRows.RequirePairs(predictions, targets);
        using var scope = NewDisposeScope();
        var still = LossRows.Unit(LossRows.WidenAs(targets.detach(), predictions));
        return LossRows.Unit(predictions).mul(still).sum(1).mean().neg().MoveToOuterDisposeScope();
    }
}
