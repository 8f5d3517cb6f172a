using TorchSharp;
using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Losses;

/// <summary>
/// Decoupled contrastive learning (Yeh et al. 2022): NT-Xent with the positive taken out of its own denominator, so that an
/// easy positive no longer weakens the gradient of the negatives.
/// </summary>
/// <remarks>
/// ℓᵢ = −wᵢ·zᵢ·zⱼ/T + ln Σ exp(zᵢ·z_l/T), the sum over the 2B − 2 rows of other images; w = 1 for DCL. DCLW weights a pair by
/// wᵢ = 2 − B·softmax(z·z′/σ)ᵢ, the softmax over the batch: pairs that are already near count for less. The weights are
/// constants here; of the codes in circulation some differentiate through them and some do not.
/// The loss can be negative. Logits are in float32, or float64 where the rows are. Differentiable by autograd.
/// </remarks>
public static class DecoupledContrast
{
    /// <summary>The mean loss of the 2B rows.</summary>
    /// <param name="first">[B, D] unit rows, the first view of each image; B is 2 at least.</param>
    /// <param name="second">[B, D] unit rows, the second view of the same images.</param>
    /// <param name="temperature">T, positive.</param>
    /// <param name="sigma">σ of DCLW (0.5 in the paper), positive; null for DCL.</param>
    /// <returns>A scalar.</returns>
    /// <exception cref="ArgumentException">The shapes disagree, or there is only one image: it has no negative.</exception>
    public static Tensor Loss(Tensor first, Tensor second, double temperature, double? sigma = null)
    {
        LossRows.RequirePairs(first, second, least: 2);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(temperature);
        if (sigma is { } given)
        {
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(given, nameof(sigma));
        }

        using var scope = NewDisposeScope();
        var rows = cat([LossRows.Widen(first), LossRows.WidenAs(second, first)]);
        var logits = rows.mm(rows.t()).div(temperature);
        var positive = NtXent.Positive(logits);
        var negative = logits.masked_fill(NtXent.Negatives(first.shape[0], rows.device).logical_not(), double.NegativeInfinity);
        if (sigma is { } width)
        {
            var weights = positive.detach().mul(temperature / width).softmax(0).mul(-first.shape[0]).add(2);
            positive = positive.mul(weights);
        }

        return negative.logsumexp(1).mean().sub(positive.mean()).MoveToOuterDisposeScope();
    }
}
