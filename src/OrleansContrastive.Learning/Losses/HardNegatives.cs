using TorchSharp;
using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Losses;

/// <summary>
/// Debiased (Chuang et al. 2020, eq. 8) and hard reweighted (Robinson et al. 2021, eq. 4) contrast within a batch of two views. With
/// p = exp(s⁺/T), n_j = exp(s_j/T) and the N = 2B − 2 rows of other images,
/// <code>
/// R = N·Σ n_j^(β+1) / Σ n_j^β       N_g = max{(R − N τ⁺ p)/(1 − τ⁺), N e^(−1/T)}       ℓ = −ln p/(p + N_g)
/// </code>
/// </summary>
/// <remarks>
/// β = 0 is the debiased loss, and with τ⁺ = 0 NT-Xent. As in the released code β works on n, which T has sharpened already, and the
/// gradient goes through the weights; through none of them where the floor holds. All in log space, float32 or float64 where
/// the rows are. Differentiable by autograd. <see cref="Negatives.Sampling.ReweightedRows"/> is the form over the rows of shards.
/// </remarks>
public static class HardNegatives
{
    /// <summary>The mean loss of the 2B rows.</summary>
    /// <param name="first">[B, D] unit rows, the first view of each image; B is 2 at least.</param>
    /// <param name="second">[B, D] unit rows, the second view of the same images.</param>
    /// <param name="temperature">T, positive.</param>
    /// <param name="classPrior">τ⁺, the chance that another image is of the own class; in [0, 1).</param>
    /// <param name="beta">β, concentration on hard negatives; 0 or more.</param>
    /// <returns>A scalar.</returns>
    /// <exception cref="ArgumentException">The shapes disagree, or there is only one image: it has no negative.</exception>
    public static Tensor Loss(Tensor first, Tensor second, double temperature, double classPrior, double beta)
    {
        LossRows.RequirePairs(first, second, least: 2);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(temperature);
        ArgumentOutOfRangeException.ThrowIfNegative(beta);
        if (!(classPrior >= 0 && classPrior < 1))
            throw new ArgumentOutOfRangeException(nameof(classPrior), classPrior, "The class prior; expected a number in [0, 1).");
        using var scope = NewDisposeScope();
        var batch = first.shape[0];
        var rows = cat([LossRows.Widen(first), LossRows.WidenAs(second, first)]);
        var logits = rows.mm(rows.t()).div(temperature);
        var positive = NtXent.Positive(logits).repeat(2);
        var others = logits.masked_fill(NtXent.Negatives(batch, rows.device).logical_not(), double.NegativeInfinity);
        var logCount = Math.Log((2 * batch) - 2);
        var reweighted = others.mul(beta + 1).logsumexp(1).add(logCount);
        reweighted = reweighted.sub(beta > 0 ? others.mul(beta).logsumexp(1) : full_like(reweighted, logCount));

        // R − N τ⁺ p over the larger of both, whose logarithm is taken only where it exceeds the floor.
        var top = reweighted.maximum(positive).detach();
        var estimate = reweighted.sub(top).exp().sub(positive.sub(top).add(logCount).exp().mul(classPrior)).div(1 - classPrior);
        var floor = full_like(top, logCount - (1 / temperature));
        var above = estimate.gt(floor.sub(top).exp());
        var negative = estimate.where(above, ones_like(estimate)).log().add(top).where(above, floor);
        return positive.logaddexp(negative).sub(positive).mean().MoveToOuterDisposeScope();
    }
}
