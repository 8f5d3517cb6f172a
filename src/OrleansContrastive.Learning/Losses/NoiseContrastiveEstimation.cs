using TorchSharp;
using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Losses;

/// <summary>
/// Noise-contrastive estimation over the samples of a data set (Gutmann and Hyvärinen 2010; Wu et al. 2018, section 3.2): tell the
/// own sample from m noise samples, drawn evenly from N.
/// </summary>
/// <remarks>
/// With P = exp(s/T)/Z and h = P/(P + m/N), ℓ = −ln h(positive) − Σ ln(1 − h(noise)), taken as softplus of x = s/T − ln Z − ln(m/N).
/// This is the definition, on rows at hand; <see cref="Negatives.Sampling.NoiseContrast"/> has the closed form over the shards of
/// a bank. Logits are in float32, or float64 where the queries are. Differentiable by autograd.
/// </remarks>
public static class NoiseContrastiveEstimation
{
    /// <summary>The mean loss of the queries.</summary>
    /// <param name="queries">[B, D] unit rows.</param>
    /// <param name="positives">[B, D]; row b is the bank's row of query b's sample.</param>
    /// <param name="noise">[B, m, D]; the rows drawn for each query, m of at least 1.</param>
    /// <param name="temperature">T, positive.</param>
    /// <param name="logPartition">ln Z.</param>
    /// <param name="samples">N.</param>
    /// <param name="masked">[B, m], true where a draw does not count (it is the query's own sample); m keeps its value. Null for none.</param>
    /// <returns>A scalar.</returns>
    /// <exception cref="ArgumentException">The shapes disagree, or there is no query or no noise.</exception>
    public static Tensor Loss(
        Tensor queries, Tensor positives, Tensor noise, double temperature, double logPartition, long samples, Tensor? masked = null)
    {
        LossRows.RequirePairs(queries, positives);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(temperature);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(samples);
        var (batch, width) = (queries.shape[0], queries.shape[1]);
        if (noise.dim() != 3 || noise.shape[0] != batch || noise.shape[1] < 1 || noise.shape[2] != width)
        {
            throw new ArgumentException(
                $"The noise is {LossRows.Shape(noise)}; expected [{batch}, m, {width}] with m of at least 1.", nameof(noise));
        }

        var draws = noise.shape[1];
        if (masked is not null && !masked.shape.SequenceEqual([batch, draws]))
        {
            throw new ArgumentException($"The mask is {LossRows.Shape(masked)}; expected [{batch}, {draws}].", nameof(masked));
        }

        using var scope = NewDisposeScope();
        var shift = logPartition + Math.Log((double)draws / samples);
        var scaled = LossRows.Widen(queries).div(temperature);
        var own = scaled.mul(LossRows.WidenAs(positives, queries)).sum(1).sub(shift);
        var drawn = LossRows.WidenAs(noise, queries).bmm(scaled.unsqueeze(2)).squeeze(2).sub(shift).softplus(1, LossRows.Linear);
        if (masked is not null) drawn = drawn.masked_fill(masked, 0);
        return own.neg().softplus(1, LossRows.Linear).add(drawn.sum(1)).mean().MoveToOuterDisposeScope();
    }

    /// <summary>ln(m + 1) + m ln(1 + 1/m), the loss of a network that gives every sample 1/N.</summary>
    /// <param name="draws">m.</param>
    public static double ChanceLevel(long draws) => Math.Log(draws + 1) + (draws * Math.Log(1 + (1.0 / draws)));
}
