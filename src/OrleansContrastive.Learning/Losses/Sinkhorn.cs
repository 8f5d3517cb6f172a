using TorchSharp;
using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Losses;

/// <summary>
/// SwAV's codes (Caron et al. 2020, eq. 3): shares of the prototypes for each row, such that over the batch every prototype is
/// used alike. Rounds of Sinkhorn and Knopp in log space.
/// </summary>
public static class Sinkhorn
{
    /// <summary>Assigns rows to prototypes. Each round makes the shares of a prototype sum to B/P, then those of a row to 1.</summary>
    /// <param name="scores">[B, P], the products of unit rows with unit prototypes, not divided by anything. Rows of a queue may
    /// stand before or after those of the batch.</param>
    /// <param name="epsilon">The sharpness, positive; 0.05 in the paper, 0.03 where training stays at ln P. Small values are safe
    /// here: exp(score/ε) itself is never formed.</param>
    /// <param name="rounds">At least 1; 3 in the paper.</param>
    /// <returns>[B, P] without gradient, in float32 or float64 where the scores are; rows sum to 1. A single row is shared out
    /// evenly, and so are equal rows.</returns>
    /// <exception cref="ArgumentException">The scores are not [B, P].</exception>
    public static Tensor Assign(Tensor scores, double epsilon, int rounds)
    {
        LossRows.RequireRows(scores);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(epsilon);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(rounds);
        using var still = no_grad();
        using var scope = NewDisposeScope();
        var shares = LossRows.Widen(scores.detach()).div(epsilon);
        for (var round = 0; round < rounds; round++)
        {
            // The constants B/P and 1 of the two sides cancel in the last step.
            shares = shares.sub(shares.logsumexp(0, keepdim: true));
            shares = shares.log_softmax(1);
        }

        return shares.exp().MoveToOuterDisposeScope();
    }
}
