using TorchSharp;
using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Losses;

/// <summary>
/// VICReg (Bardes, Ponce and LeCun 2022): the views of an image agree (invariance), every dimension keeps a standard deviation
/// of 1 over the batch (variance), and no two dimensions carry the same (covariance).
/// </summary>
/// <remarks>
/// L = λ·mse(z, z′) + μ·½ Σ mean_d max(0, 1 − √(Var z_d + 1e-4)) + ν Σ (1/D) Σ_{i≠j} Cov²ᵢⱼ, the outer sums over the two views,
/// variances and covariances over B − 1. The ½ is that of the released code, with which the published figures were made; the
/// paper's formula may be without it. Collapsed rows have a hinge of 0.99. Computed in float32, or float64 where the rows are.
/// Differentiable by autograd.
/// </remarks>
public static class VicReg
{
    private const double Small = 1e-4;

    /// <summary>The loss of a batch.</summary>
    /// <param name="first">[B, D], not normalised, the first view of each image; B is 2 at least.</param>
    /// <param name="second">[B, D], the second view of the same images.</param>
    /// <param name="invariance">λ.</param>
    /// <param name="variance">μ.</param>
    /// <param name="covariance">ν.</param>
    /// <returns>A scalar.</returns>
    /// <exception cref="ArgumentException">The shapes disagree, or there is only one image: it has no variance.</exception>
    public static Tensor Loss(Tensor first, Tensor second, double invariance = 25, double variance = 25, double covariance = 1)
    {
        LossRows.RequirePairs(first, second, least: 2);
        using var scope = NewDisposeScope();
        var (one, two) = (LossRows.Widen(first), LossRows.WidenAs(second, first));
        var agreement = one.sub(two).square().mean().mul(invariance);
        var spread = Hinge(one).add(Hinge(two)).mul(variance / 2);
        var sameness = Redundancy(one).add(Redundancy(two)).mul(covariance);
        return agreement.add(spread).add(sameness).MoveToOuterDisposeScope();
    }

    /// <summary>The mean over dimensions of how much a standard deviation lacks to 1.</summary>
    internal static Tensor Hinge(Tensor rows)
    {
        using var scope = NewDisposeScope();
        return rows.var(0).add(Small).sqrt().neg().add(1).relu().mean().MoveToOuterDisposeScope();
    }

    private static Tensor Redundancy(Tensor rows)
    {
        using var scope = NewDisposeScope();
        var (count, width) = (rows.shape[0], rows.shape[1]);
        var centred = rows.sub(rows.mean([0], keepdim: true));
        var moments = centred.t().mm(centred).div(count - 1);
        return moments.masked_fill(LossRows.Diagonal(width, rows.device), 0).square().sum().div(width).MoveToOuterDisposeScope();
    }
}
