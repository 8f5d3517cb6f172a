using TorchSharp;
using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Distances;

/// <summary>
/// The exact 1-Wasserstein (earth mover's) distance of histograms over equally spaced bins: the area between the two cumulative
/// sums. Rows have one mass (not checked); without that it is the distance of the first D − 1 cumulative sums.
/// </summary>
/// <param name="spacing">Distance of neighbouring bins, positive.</param>
public sealed class HistogramWasserstein(double spacing = 1) : IDistance
{
    private readonly double _spacing = spacing > 0
        ? spacing
        : throw new ArgumentOutOfRangeException(nameof(spacing), spacing, "The spacing of the bins; expected a positive number.");

    /// <inheritdoc/>
    public bool IsSimilarity => false;

    /// <inheritdoc/>
    public Tensor Pairwise(Tensor rows, Tensor others)
    {
        using var scope = NewDisposeScope();
        var (a, b) = DistanceRows.Widen(rows, others);
        return cdist(Below(a), Below(b), 1).mul(_spacing).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public Tensor Aligned(Tensor rows, Tensor others)
    {
        using var scope = NewDisposeScope();
        var (a, b) = DistanceRows.WidenAligned(rows, others);
        return Below(a).sub(Below(b)).abs().sum(1).mul(_spacing).MoveToOuterDisposeScope();
    }

    /// <summary>The mass at or below each bin but the last, where both have all of theirs.</summary>
    private static Tensor Below(Tensor histograms)
    {
        using var scope = NewDisposeScope();
        return histograms.cumsum(1).narrow(1, 0, histograms.shape[1] - 1).MoveToOuterDisposeScope();
    }
}
