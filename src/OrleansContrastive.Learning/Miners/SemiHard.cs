using OrleansContrastive.Learning.Distances;
using TorchSharp;

namespace OrleansContrastive.Learning.Miners;

/// <summary>
/// Semi-hard triplets (Schroff, Kalenichenko and Philbin 2015, section 3.2): for every pair of a label the nearest negative that
/// is farther than the positive, yet by less than the margin.
/// </summary>
public static class SemiHard
{
    /// <summary>One triplet at most for each pair of anchor and positive; pairs without such a negative are left out.</summary>
    /// <param name="rows">[N, D].</param>
    /// <param name="labels">One for each row.</param>
    /// <param name="margin">That of the loss, positive, in units of the distance.</param>
    /// <param name="distance">Far from near; Euclidean where null. The paper has squared Euclidean on unit rows.</param>
    /// <exception cref="ArgumentException">The shapes disagree.</exception>
    public static TripletIndices Mine(torch.Tensor rows, IReadOnlyList<long> labels, double margin, IDistance? distance = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(margin);
        var batch = new MiningBatch(rows, labels, distance ?? Distance.Euclidean);
        var found = new List<(int, int, int)>();
        for (var anchor = 0; anchor < batch.Count; anchor++)
        {
            int[] negatives = [.. batch.Negatives(anchor).OrderBy(row => batch.Far(anchor, row))];
            foreach (var positive in batch.Positives(anchor))
            {
                var near = batch.Far(anchor, positive);
                var place = Array.FindIndex(negatives, row => batch.Far(anchor, row) > near);
                if (place >= 0 && batch.Far(anchor, negatives[place]) < near + margin) found.Add((anchor, positive, negatives[place]));
            }
        }

        return new(found);
    }
}
