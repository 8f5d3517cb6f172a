using TorchSharp;
using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Losses;

/// <summary>
/// NT-Logistic, with which SimCLR compares (Chen et al. 2020, table 2): each pair of a batch is judged by itself, matching or not,
/// by the logistic function of its similarity over T.
/// </summary>
/// <remarks>
/// ℓᵢ = −ln σ(zᵢ·zⱼ/T) − (1/(2B − 2)) Σ ln σ(−zᵢ·z_l/T), the sum over the rows of other images. The paper's table shows a single
/// negative; how it weights many of them is uncertain. Here it is their mean: rows at right angles lose 2 ln 2 whatever B.
/// Logits are in float32, or float64 where the rows are. Differentiable by autograd.
/// </remarks>
public static class NtLogistic
{
    /// <summary>The mean loss of the 2B rows.</summary>
    /// <param name="first">[B, D] unit rows, the first view of each image; B is 2 at least.</param>
    /// <param name="second">[B, D] unit rows, the second view of the same images.</param>
    /// <param name="temperature">T, positive.</param>
    /// <returns>A scalar.</returns>
    /// <exception cref="ArgumentException">The shapes disagree, or there is only one image: it has no negative.</exception>
    public static Tensor Loss(Tensor first, Tensor second, double temperature)
    {
        LossRows.RequirePairs(first, second, least: 2);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(temperature);
        using var scope = NewDisposeScope();
        var rows = cat([LossRows.Widen(first), LossRows.WidenAs(second, first)]);
        var logits = rows.mm(rows.t()).div(temperature);
        var positive = NtXent.Positive(logits).neg().softplus(1, LossRows.Linear);
        var negative = logits.masked_select(NtXent.Negatives(first.shape[0], rows.device)).softplus(1, LossRows.Linear);
        return positive.mean().add(negative.mean()).MoveToOuterDisposeScope();
    }
}
