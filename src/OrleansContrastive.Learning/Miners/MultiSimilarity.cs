using OrleansContrastive.Learning.Distances;
using TorchSharp;

namespace OrleansContrastive.Learning.Miners;

/// <summary>
/// Multi-similarity mining (Wang et al. 2019, eqs. 3 and 4): of an anchor's negatives those that are nearer than its farthest
/// positive plus ε, of its positives those that are farther than its nearest negative less ε.
/// </summary>
public static class MultiSimilarity
{
    /// <summary>Every kept positive of an anchor with every kept negative; anchors that lack either are left out.</summary>
    /// <param name="rows">[N, D].</param>
    /// <param name="labels">One for each row.</param>
    /// <param name="epsilon">ε in units of the distance or similarity, 0 or more; 0.1 in the paper.</param>
    /// <param name="distance">Far from near; cosine, the paper's, where null.</param>
    /// <exception cref="ArgumentException">The shapes disagree.</exception>
    public static TripletIndices Mine(torch.Tensor rows, IReadOnlyList<long> labels, double epsilon = 0.1, IDistance? distance = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(epsilon);
        var batch = new MiningBatch(rows, labels, distance ?? Distance.Cosine);
        var found = new List<(int, int, int)>();
        for (var anchor = 0; anchor < batch.Count; anchor++)
        {
            int[] positives = [.. batch.Positives(anchor)], negatives = [.. batch.Negatives(anchor)];
            if (positives.Length == 0 || negatives.Length == 0) continue;
            var farthest = positives.Max(row => batch.Far(anchor, row));
            var nearest = negatives.Min(row => batch.Far(anchor, row));
            found.AddRange(
                from positive in positives
                where batch.Far(anchor, positive) > nearest - epsilon
                from negative in negatives
                where batch.Far(anchor, negative) < farthest + epsilon
                select (anchor, positive, negative));
        }

        return new(found);
    }
}
