using TorchSharp;
using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Losses;

/// <summary>
/// SwAV's loss (Caron et al. 2020, eq. 2): from the scores of one view predict the code of another, −Σ q ln softmax(scores/T).
/// </summary>
/// <remarks>For uniform scores it is ln P. Computed in float32, or float64 where the scores are. Differentiable by autograd in
/// the scores only.</remarks>
public static class SwappedPrediction
{
    /// <summary>The mean over rows of the cross entropy of the codes.</summary>
    /// <param name="scores">[B, P], the products of one view's unit rows with the unit prototypes.</param>
    /// <param name="codes">[B, P], those of another view (<see cref="Sinkhorn.Assign"/>); detached here.</param>
    /// <param name="temperature">T, positive; 0.1 in the paper.</param>
    /// <returns>A scalar.</returns>
    /// <exception cref="ArgumentException">The shapes disagree, or there is no row.</exception>
    public static Tensor Loss(Tensor scores, Tensor codes, double temperature)
    {
        LossRows.RequirePairs(scores, codes);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(temperature);
        return CrossEntropy(scores, codes, temperature);
    }

    internal static Tensor CrossEntropy(Tensor scores, Tensor codes, double temperature)
    {
        using var scope = NewDisposeScope();
        var logarithms = LossRows.Widen(scores).div(temperature).log_softmax(1);
        return logarithms.mul(LossRows.WidenAs(codes.detach(), scores)).sum(1).mean().neg().MoveToOuterDisposeScope();
    }
}
