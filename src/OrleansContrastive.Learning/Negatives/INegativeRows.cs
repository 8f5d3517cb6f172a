using TorchSharp;

namespace OrleansContrastive.Learning.Negatives;

/// <summary>Rows that queries are contrasted against, wherever they lie.</summary>
public interface INegativeRows
{
    /// <summary>Rows that count as negatives.</summary>
    int Count { get; }

    /// <summary>Elements of a row, D.</summary>
    int Width { get; }

    /// <summary>Sample id of each row; a negative id stands for no image.</summary>
    ReadOnlySpan<long> SampleIds { get; }

    /// <summary>Returns some rows as a tensor.</summary>
    /// <param name="first">First row.</param>
    /// <param name="maxRows">Most rows wanted; fewer come back where memory ends.</param>
    /// <returns>[rows, D], at least one row; the caller's to dispose. The rows must not be written.</returns>
    torch.Tensor Rows(int first, int maxRows);

    /// <summary>Reads one row.</summary>
    /// <param name="row">Its number.</param>
    /// <param name="values">Receives D values.</param>
    void Read(int row, Span<double> values);

    /// <summary>The (query, row) pairs of a range that show the same image, by ascending row from 0 at the range's first.</summary>
    /// <param name="sampleIds">Sample of each query; empty = none is masked.</param>
    /// <param name="first">First row of the range.</param>
    /// <param name="end">Row after the range.</param>
    List<(int Query, int Row)> OwnRows(ReadOnlySpan<long> sampleIds, int first, int end) => OwnSamples.Find(sampleIds, SampleIds[first..end]);

    /// <summary>Where the newest rows lie, in at most two ranges.</summary>
    /// <param name="count">Rows wanted; at most <see cref="Count"/> come.</param>
    IReadOnlyList<(int First, int Count)> Newest(int count);
}
