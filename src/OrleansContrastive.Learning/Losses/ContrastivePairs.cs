using OrleansContrastive.Learning.Distances;
using TorchSharp;
using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Losses;

/// <summary>
/// The contrastive loss of a siamese network (Hadsell, Chopra and LeCun 2006, eq. 4): genuine pairs are drawn together, impostor
/// pairs pushed apart until the margin.
/// </summary>
/// <remarks>
/// ½ d² for a genuine pair, ½ max(0, m − d)² for an impostor, d Euclidean. Computed in float32, or float64 where the rows are.
/// Differentiable by autograd; equal rows of an impostor pair have no direction to part in and get no gradient.
/// </remarks>
public static class ContrastivePairs
{
    /// <summary>The mean loss of the pairs.</summary>
    /// <param name="first">[B, D].</param>
    /// <param name="second">[B, D]; row b makes a pair with row b of <paramref name="first"/>.</param>
    /// <param name="genuine">For each pair whether both show the same; any number of them may.</param>
    /// <param name="margin">m, positive.</param>
    /// <returns>A scalar.</returns>
    /// <exception cref="ArgumentException">The shapes disagree, or there is no pair.</exception>
    public static Tensor Loss(Tensor first, Tensor second, IReadOnlyList<bool> genuine, double margin)
    {
        LossRows.RequirePairs(first, second);
        LossRows.RequireOnePerRow(first, genuine);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(margin);
        using var scope = NewDisposeScope();
        var apart = Distance.Euclidean.Aligned(first, second);
        var together = tensor(genuine.ToArray(), device: first.device);
        return apart.where(together, apart.neg().add(margin).relu()).square().mean().div(2).MoveToOuterDisposeScope();
    }
}
