using OrleansContrastive.Learning.Distances;
using OrleansContrastive.Learning.Losses;
using OrleansContrastive.Learning.Random;
using TorchSharp;

namespace OrleansContrastive.Learning.Miners;

/// <summary>
/// Distance-weighted sampling (Wu et al. 2017, section 4): for every pair of a label a negative, drawn against the density of
/// distances that random points of the unit sphere have, q(d) ∝ d^(D−2) (1 − d²/4)^((D−3)/2), so that all distances come up alike.
/// </summary>
/// <remarks>
/// Distances below <c>cutoff</c> count as the cutoff, which bounds the weights (the paper's λ); negatives beyond
/// <c>farthest</c>, whose loss is zero, are not drawn, as in the released code, unless there are no others: then one of them is
/// drawn evenly. The distance is Euclidean between unit rows; the density is of no other.
/// </remarks>
public static class DistanceWeighted
{
    /// <summary>One triplet for each pair of anchor and positive that has a negative.</summary>
    /// <param name="rows">[N, D], D of at least 2; normalised here.</param>
    /// <param name="labels">One for each row.</param>
    /// <param name="seed">With the step and the pair's rows it names the draw; the same seed gives the same triplets.</param>
    /// <param name="step">Step of the run.</param>
    /// <param name="cutoff">In (0, 2).</param>
    /// <param name="farthest">In (cutoff, 2]; 1.4 in the paper.</param>
    /// <exception cref="ArgumentException">The shapes disagree.</exception>
    public static TripletIndices Mine(
        torch.Tensor rows, IReadOnlyList<long> labels, ulong seed, long step, double cutoff = 0.5, double farthest = 1.4)
    {
        LossRows.RequireRows(rows);
        if (!(cutoff > 0 && cutoff < farthest && farthest <= 2))
            throw new ArgumentOutOfRangeException(nameof(cutoff), $"Cutoff {cutoff} and farthest {farthest}; expected 0 < cutoff < farthest <= 2.");
        if (rows.shape[1] < 2)
            throw new ArgumentException($"The rows are {LossRows.Shape(rows)}; expected two columns or more: a sphere.", nameof(rows));
        using var unit = LossRows.Unit(rows);
        var batch = new MiningBatch(unit, labels, Distance.Euclidean);
        var found = new List<(int, int, int)>();
        for (var anchor = 0; anchor < batch.Count; anchor++)
        {
            int[] negatives = [.. batch.Negatives(anchor)];
            if (negatives.Length == 0) continue;
            var sums = Sums([.. negatives.Select(row => LogWeight(batch.Far(anchor, row), rows.shape[1], cutoff, farthest))]);
            foreach (var positive in batch.Positives(anchor))
            {
                var stream = new RandomStream(seed, RandomPurpose.Mining, (ulong)step, (ulong)(((long)anchor * batch.Count) + positive));
                var drawn = stream.NextDouble() * sums[^1];
                found.Add((anchor, positive, negatives[Array.FindIndex(sums, sum => drawn < sum || sum == sums[^1])]));
            }
        }

        return new(found);
    }

    /// <summary>−ln q(d) but for a constant; −∞ beyond the farthest.</summary>
    internal static double LogWeight(double distance, long width, double cutoff, double farthest)
    {
        if (distance >= farthest) return double.NegativeInfinity;
        var d = Math.Max(distance, cutoff);
        return ((2 - width) * Math.Log(d)) - ((width - 3) / 2.0 * Math.Log(1 - (d * d / 4)));
    }

    /// <summary>Running sums of the weights; evenly spaced where none has any.</summary>
    private static double[] Sums(double[] logarithms)
    {
        var top = logarithms.Max();
        var sum = 0.0;
        return [.. logarithms.Select(logarithm => sum += double.IsNegativeInfinity(top) ? 1 : Math.Exp(logarithm - top))];
    }
}
