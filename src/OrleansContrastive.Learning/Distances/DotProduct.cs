using TorchSharp;
using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Distances;

/// <summary>x·y.</summary>
public sealed class DotProduct : IDistance
{
    /// <inheritdoc/>
    public bool IsSimilarity => true;

    /// <inheritdoc/>
    public Tensor Pairwise(Tensor rows, Tensor others)
    {
        using var scope = NewDisposeScope();
        var (a, b) = DistanceRows.Widen(rows, others);
        return a.mm(b.t()).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public Tensor Aligned(Tensor rows, Tensor others)
    {
        using var scope = NewDisposeScope();
        var (a, b) = DistanceRows.WidenAligned(rows, others);
        return a.mul(b).sum(1).MoveToOuterDisposeScope();
    }
}
