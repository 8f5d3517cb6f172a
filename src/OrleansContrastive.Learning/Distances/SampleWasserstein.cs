using TorchSharp;
using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Distances;

/// <summary>
/// The exact 1-Wasserstein distance in one dimension of rows that are D samples each, of equal weight and in any order: the mean
/// distance of the sorted samples. All pairs take N·M numbers beside the sorted rows.
/// </summary>
public sealed class SampleWasserstein : IDistance
{
    /// <inheritdoc/>
    public bool IsSimilarity => false;

    /// <inheritdoc/>
    public Tensor Pairwise(Tensor rows, Tensor others)
    {
        using var scope = NewDisposeScope();
        var (a, b) = DistanceRows.Widen(rows, others);
        return cdist(a.sort(1).Values, b.sort(1).Values, 1).div(rows.shape[1]).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public Tensor Aligned(Tensor rows, Tensor others)
    {
        using var scope = NewDisposeScope();
        var (a, b) = DistanceRows.WidenAligned(rows, others);
        return a.sort(1).Values.sub(b.sort(1).Values).abs().mean([1]).MoveToOuterDisposeScope();
    }
}
