namespace OrleansContrastive.Learning.Negatives;

/// <summary>What the rows of one append have in common, and where they stand in the order of the run.</summary>
/// <param name="KeyVersion">Version of θ_k that encoded the rows; the newest version minus it is the rows' age.</param>
/// <param name="CommitVersion">Version n that made the rows visible.</param>
/// <param name="FirstOrdinal">Position of the first row among all rows of version n: lease slots in order, within a slot by
/// position.</param>
/// <param name="OrdinalStride">Distance between the positions of neighbours: the shard count where rows are dealt round
/// the shards, otherwise 1.</param>
public readonly record struct RowStamp(
    long KeyVersion, long CommitVersion, int FirstOrdinal = 0, int OrdinalStride = 1);
