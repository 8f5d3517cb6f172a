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
}
