using TorchSharp;

namespace OrleansContrastive.Learning.Negatives;

/// <summary>Consecutive rows of one queue shard, oldest first, with their stamps.</summary>
/// <param name="ElementType">Float32 or Float64.</param>
/// <param name="Width">Elements of a row, D.</param>
/// <param name="FirstSequence">Sequence number of the first row.</param>
/// <param name="Vectors">[rows, D] little-endian.</param>
/// <param name="SampleIds">Sample behind each row; negative for random rows, which stand for no image.</param>
/// <param name="KeyVersions">Version of θ_k that encoded each row.</param>
/// <param name="CommitVersions">Version that made each row visible.</param>
/// <param name="Ordinals">Position of each row among the rows of its version.</param>
public sealed record QueueRows(
    torch.ScalarType ElementType,
    int Width,
    long FirstSequence,
    ReadOnlyMemory<byte> Vectors,
    long[] SampleIds,
    long[] KeyVersions,
    long[] CommitVersions,
    int[] Ordinals)
{
    /// <summary>Number of rows.</summary>
    public int Count => SampleIds.Length;

    /// <summary>Sequence number after the last row: what to ask for next.</summary>
    public long NextSequence => FirstSequence + Count;

    /// <summary>Bytes of one row.</summary>
    public int RowBytes => Width * ElementSize.Of(ElementType);

    /// <summary>Checks that all columns describe the same number of rows.</summary>
    /// <exception cref="ArgumentException">They do not; the message names the column.</exception>
    public void Validate()
    {
        RowColumns.RequireLength(nameof(Vectors), Vectors.Length, (long)Count * RowBytes);
        RowColumns.RequireLength(nameof(KeyVersions), KeyVersions.Length, Count);
        RowColumns.RequireLength(nameof(CommitVersions), CommitVersions.Length, Count);
        RowColumns.RequireLength(nameof(Ordinals), Ordinals.Length, Count);
    }
}
