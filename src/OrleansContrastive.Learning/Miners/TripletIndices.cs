namespace OrleansContrastive.Learning.Miners;

/// <summary>Triplets as places in a batch: entry t of the three lists is anchor, a row of its label, a row of another.</summary>
public sealed class TripletIndices
{
    private readonly long[] _anchors, _positives, _negatives;

    internal TripletIndices(IReadOnlyCollection<(int Anchor, int Positive, int Negative)> triplets) =>
        (_anchors, _positives, _negatives) = (
            [.. triplets.Select(triplet => (long)triplet.Anchor)],
            [.. triplets.Select(triplet => (long)triplet.Positive)],
            [.. triplets.Select(triplet => (long)triplet.Negative)]);

    /// <summary>How many; 0 where the batch has no two rows of one label, or only one label.</summary>
    public int Count => _anchors.Length;

    /// <summary>Rows of the anchors.</summary>
    public IReadOnlyList<long> Anchors => _anchors;

    /// <summary>Rows of the positives.</summary>
    public IReadOnlyList<long> Positives => _positives;

    /// <summary>Rows of the negatives.</summary>
    public IReadOnlyList<long> Negatives => _negatives;
}
