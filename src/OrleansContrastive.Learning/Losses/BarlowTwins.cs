using TorchSharp;
using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Losses;

/// <summary>
/// Barlow Twins (Zbontar et al. 2021, eq. 1): the correlation over the batch between the dimensions of one view and those of
/// the other is to be the unit matrix.
/// </summary>
/// <remarks>
/// C = (1/B) ẑᵀẑ′ with ẑ batch-normalised without gain (biased variance, ε = 1e-5); L = Σ (1 − Cᵢᵢ)² + λ Σ_{i≠j} C²ᵢⱼ. A dimension
/// that is the same for all images correlates with nothing (C = 0). Computed in float32, or float64 where the rows are.
/// Differentiable by autograd.
/// </remarks>
public static class BarlowTwins
{
    private const double Small = 1e-5;

    /// <summary>The loss of a batch.</summary>
    /// <param name="first">[B, D], not normalised, the first view of each image; B is 2 at least.</param>
    /// <param name="second">[B, D], the second view of the same images.</param>
    /// <param name="offDiagonal">λ.</param>
    /// <param name="scale">Multiplies the loss; the released recipes use 0.024.</param>
    /// <returns>A scalar.</returns>
    /// <exception cref="ArgumentException">The shapes disagree, or there is only one image: it correlates with nothing.</exception>
    public static Tensor Loss(Tensor first, Tensor second, double offDiagonal = 0.0051, double scale = 1)
    {
        LossRows.RequirePairs(first, second, least: 2);
        using var scope = NewDisposeScope();
        var (one, two) = (Normalise(LossRows.Widen(first)), Normalise(LossRows.WidenAs(second, first)));
        var correlation = one.t().mm(two).div(first.shape[0]);
        var diagonal = correlation.diagonal().sub(1).square().sum();
        var rest = correlation.masked_fill(LossRows.Diagonal(first.shape[1], first.device), 0).square().sum();
        return diagonal.add(rest.mul(offDiagonal)).mul(scale).MoveToOuterDisposeScope();
    }

    private static Tensor Normalise(Tensor rows)
    {
        using var scope = NewDisposeScope();
        var centred = rows.sub(rows.mean([0], keepdim: true));
        return centred.mul(rows.var(0, unbiased: false, keepdim: true).add(Small).rsqrt()).MoveToOuterDisposeScope();
    }
}
