namespace OrleansContrastive.Learning.Miners;

/// <summary>Every triplet of a batch.</summary>
public static class AllTriplets
{
    /// <summary>All (anchor, positive, negative), by ascending anchor, then positive, then negative.</summary>
    /// <param name="labels">One for each row. A batch of c labels with r rows each has cr(r − 1)(c − 1)r triplets.</param>
    public static TripletIndices Mine(IReadOnlyList<long> labels)
    {
        ArgumentNullException.ThrowIfNull(labels);
        return new([
            .. from anchor in Enumerable.Range(0, labels.Count)
               from positive in MiningBatch.Positives(labels, anchor)
               from negative in MiningBatch.Negatives(labels, anchor)
               select (anchor, positive, negative),
        ]);
    }
}
