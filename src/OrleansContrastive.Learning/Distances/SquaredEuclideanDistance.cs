using TorchSharp;
using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Distances;

/// <summary>|x − y|²; all pairs by a matrix product, |x|² + |y|² − 2x·y, which may round by 1e-7 of |x|² in float32, never below 0.</summary>
public sealed class SquaredEuclideanDistance : IDistance
{
    /// <inheritdoc/>
    public bool IsSimilarity => false;

    /// <inheritdoc/>
    public Tensor Pairwise(Tensor rows, Tensor others)
    {
        using var scope = NewDisposeScope();
        var (a, b) = DistanceRows.Widen(rows, others);
        var lengths = a.square().sum(1).unsqueeze(1).add(b.square().sum(1).unsqueeze(0));
        return lengths.sub(a.mm(b.t()).mul(2)).relu().MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public Tensor Aligned(Tensor rows, Tensor others)
    {
        using var scope = NewDisposeScope();
        var (a, b) = DistanceRows.WidenAligned(rows, others);
        return a.sub(b).square().sum(1).MoveToOuterDisposeScope();
    }
}
