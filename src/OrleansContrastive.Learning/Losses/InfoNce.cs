using OrleansContrastive.Learning.Negatives;
using TorchSharp;
using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Losses;

/// <summary>InfoNCE (van den Oord et al. 2018; He et al. 2020, eq. 1): L = −ln exp(q·k⁺/T) / Σ exp(q·k/T), the sum over the
/// positive and all negatives.</summary>
/// <remarks>
/// Logits and their log-sum-exp are in float32, or float64 where the queries are, whatever precision the network has: at
/// T = 0.01 a logit is ±100, which bfloat16 rounds to halves. All functions are differentiable by autograd. This is the
/// definition, for networks and losses of one's own; <see cref="Methods.MomentumContrast"/> takes the closed form of value and
/// gradient, which needs a quarter of the time and no B x K matrix.
/// </remarks>
public static class InfoNce
{
    /// <summary>Logits of the positive, in column 0, and of the negatives.</summary>
    /// <param name="queries">[B, D] unit rows.</param>
    /// <param name="positives">[B, D] unit rows; row b is the key of query b.</param>
    /// <param name="negatives">[K, D] unit rows; null stands for none.</param>
    /// <param name="temperature">T, positive.</param>
    /// <param name="masked">Pairs (query, negative) that do not count: the negative shows the query's own image.</param>
    /// <returns>[B, 1 + K], −∞ where masked.</returns>
    /// <exception cref="ArgumentException">The shapes disagree.</exception>
    public static Tensor Logits(
        Tensor queries,
        Tensor positives,
        Tensor? negatives,
        double temperature,
        IReadOnlyList<(int Query, int Row)>? masked = null)
    {
        RequireShapes(queries, positives, negatives);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(temperature);
        using var scope = NewDisposeScope();
        var type = queries.dtype == ScalarType.Float64 ? ScalarType.Float64 : ScalarType.Float32;
        var scaled = queries.to_type(type).div(temperature);
        var positive = scaled.mul(positives.to_type(type)).sum(1, keepdim: true);
        if (negatives is null)
        {
            return positive.MoveToOuterDisposeScope();
        }

        var negative = scaled.mm(negatives.to_type(type).t());
        if (masked is { Count: > 0 })
        {
            var columns = negatives.shape[0];
            var cells = tensor(masked.Select(pair => pair.Query * columns + pair.Row).ToArray(), device: queries.device);
            _ = negative.view(-1).index_fill_(0, cells, double.NegativeInfinity);
        }

        return cat([positive, negative], 1).MoveToOuterDisposeScope();
    }

    /// <summary>The loss of each query: log Σ exp(logits) − logits[0].</summary>
    /// <param name="logits">[B, 1 + K], the positive in column 0.</param>
    /// <returns>[B]; 0 where no negative counts.</returns>
    public static Tensor Losses(Tensor logits)
    {
        using var scope = NewDisposeScope();
        return logits.logsumexp(1).sub(logits.narrow(1, 0, 1).view(-1)).MoveToOuterDisposeScope();
    }

    /// <summary>The mean loss of a batch.</summary>
    /// <inheritdoc cref="Logits"/>
    /// <returns>A scalar.</returns>
    public static Tensor Loss(
        Tensor queries,
        Tensor positives,
        Tensor? negatives,
        double temperature,
        IReadOnlyList<(int Query, int Row)>? masked = null)
    {
        using var scope = NewDisposeScope();
        return Losses(Logits(queries, positives, negatives, temperature, masked)).mean().MoveToOuterDisposeScope();
    }

    /// <summary>ln(valid + 1), the loss of a network that tells nothing apart.</summary>
    /// <param name="validNegatives">Negatives that count for a query.</param>
    public static double ChanceLevel(double validNegatives) => Math.Log(validNegatives + 1);

    private static void RequireShapes(Tensor queries, Tensor positives, Tensor? negatives)
    {
        if (queries.dim() != 2 || positives.dim() != 2
            || positives.shape[0] != queries.shape[0] || positives.shape[1] != queries.shape[1])
        {
            throw new ArgumentException(
                $"Queries are [{string.Join(", ", queries.shape)}] and positives [{string.Join(", ", positives.shape)}]; "
                + "expected the same [B, D].");
        }

        LossRows.RequireRows(queries);

        if (negatives is not null && (negatives.dim() != 2 || negatives.shape[1] != queries.shape[1]))
        {
            throw new ArgumentException(
                $"Negatives are [{string.Join(", ", negatives.shape)}]; expected [K, {queries.shape[1]}].");
        }
    }
}
