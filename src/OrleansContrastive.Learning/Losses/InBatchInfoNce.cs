using TorchSharp;
using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Losses;

/// <summary>
/// InfoNCE over the keys of the batch, as MoCo v3 (Chen, Xie and He 2021, algorithm 1), NNCLR (Dwibedi et al. 2021, eq. 2), CPC
/// and CLIP have it: for query b, key b is the positive and all other keys are negatives.
/// </summary>
/// <remarks>
/// L = mean_b −ln exp(q_b·k_b/T) / Σ exp(q_b·k/T). MoCo v3 multiplies it by 2T. Logits are in float32, or float64 where the queries
/// are. Differentiable by autograd in both: a caller whose keys are to stand still detaches them.
/// </remarks>
public static class InBatchInfoNce
{
    /// <summary>The mean loss of the queries.</summary>
    /// <param name="queries">[B, D]; unit rows, except for methods without a norm (CPC).</param>
    /// <param name="keys">[N, D] with N of at least B; row b belongs to query b, rows after the first B are further negatives.</param>
    /// <param name="temperature">T, positive; 1 for methods without one.</param>
    /// <returns>A scalar; 0 for a single key.</returns>
    /// <exception cref="ArgumentException">The shapes disagree, or there is no row.</exception>
    public static Tensor Loss(Tensor queries, Tensor keys, double temperature)
    {
        LossRows.RequireRows(queries);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(temperature);
        if (keys.dim() != 2 || keys.shape[1] != queries.shape[1] || keys.shape[0] < queries.shape[0])
        {
            throw new ArgumentException(
                $"The keys are {LossRows.Shape(keys)}; expected [N, {queries.shape[1]}] with N of at least {queries.shape[0]}.", nameof(keys));
        }

        using var scope = NewDisposeScope();
        var logits = LossRows.Widen(queries).div(temperature).mm(LossRows.WidenAs(keys, queries).t());
        return logits.logsumexp(1).mean().sub(logits.diagonal().mean()).MoveToOuterDisposeScope();
    }
}
