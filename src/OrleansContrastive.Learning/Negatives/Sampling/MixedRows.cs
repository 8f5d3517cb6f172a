using OrleansContrastive.Learning.Random;
using TorchSharp;

namespace OrleansContrastive.Learning.Negatives.Sampling;

/// <summary>
/// InfoNCE over all rows and synthetic ones, mixed of the hardest (Kalantidis et al. 2020, MoCHi, eqs. 4 and 5): s of two hard
/// negatives, normalize(α n_i + (1 − α) n_j) with α in (0, 1), and s' of the query and one, normalize(β q + (1 − β) n_j) with
/// β in (0, ½), so that the query is always the lesser part. No gradient goes through the mixing.
/// </summary>
/// <remarks>Each home mixes its share of its own hardest: exact for one home, an approximation for several.</remarks>
/// <param name="hardest">N_h, hard rows to mix from; at least 1.</param>
/// <param name="pairs">s, rows mixed of two.</param>
/// <param name="withQuery">s', rows mixed with the query.</param>
/// <param name="afterEpochs">Epochs in which nothing is mixed yet, 0 or more; published runs have 10 or 15 of 200.</param>
public sealed class MixedRows(int hardest, int pairs, int withQuery, double afterEpochs = 0) : SoftmaxSampling
{
    /// <inheritdoc/>
    public override IContrastPass Begin(torch.Tensor queries, ContrastCall call, INegativeRows rows) =>
        MixingPass.Begin(queries, call, rows, hardest, afterEpochs, (pairs, OfTwo), (withQuery, WithQuery));

    /// <summary>α n_i + (1 − α) n_j, α even in (0, 1).</summary>
    internal static void OfTwo(ReadOnlySpan<double> query, HardRows hard, ref RandomStream stream, Span<double> made)
    {
        var first = hard.Draw(ref stream);
        var second = hard.Draw(ref stream);
        Mix(first, second, stream.NextDouble(), made);
    }

    /// <summary>β q + (1 − β) n, β even in (0, ½).</summary>
    internal static void WithQuery(ReadOnlySpan<double> query, HardRows hard, ref RandomStream stream, Span<double> made)
    {
        var negative = hard.Draw(ref stream);
        Mix(query, negative, stream.NextDouble() / 2, made);
    }

    private static void Mix(ReadOnlySpan<double> a, ReadOnlySpan<double> b, double share, Span<double> made)
    {
        for (var d = 0; d < made.Length; d++) made[d] = (share * a[d]) + ((1 - share) * b[d]);
    }
}
