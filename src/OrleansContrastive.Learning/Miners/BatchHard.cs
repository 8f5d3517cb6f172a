using OrleansContrastive.Learning.Distances;
using TorchSharp;

namespace OrleansContrastive.Learning.Miners;

/// <summary>The hardest triplet of each anchor (Hermans, Beyer and Leibe 2017, eq. 5): its farthest positive and its nearest negative.</summary>
public static class BatchHard
{
    /// <summary>One triplet for each row that has both; of equally far rows the first.</summary>
    /// <param name="rows">[N, D].</param>
    /// <param name="labels">One for each row.</param>
    /// <param name="distance">Far from near; Euclidean where null.</param>
    /// <exception cref="ArgumentException">The shapes disagree.</exception>
    public static TripletIndices Mine(torch.Tensor rows, IReadOnlyList<long> labels, IDistance? distance = null)
    {
        var batch = new MiningBatch(rows, labels, distance ?? Distance.Euclidean);
        return new([
            .. from anchor in Enumerable.Range(0, batch.Count)
               where batch.Positives(anchor).Any() && batch.Negatives(anchor).Any()
               select (
                   anchor,
                   batch.Positives(anchor).MaxBy(row => batch.Far(anchor, row)),
                   batch.Negatives(anchor).MinBy(row => batch.Far(anchor, row))),
        ]);
    }
}
