using TorchSharp;
using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Distances;

/// <summary>|x − y|; of equal rows 0, with a gradient of zeros.</summary>
public sealed class EuclideanDistance : IDistance
{
    /// <inheritdoc/>
    public bool IsSimilarity => false;

    /// <inheritdoc/>
    public Tensor Pairwise(Tensor rows, Tensor others)
    {
        using var scope = NewDisposeScope();
        var (a, b) = DistanceRows.Widen(rows, others);

        // By way of a product, near rows would be √(rounding) apart.
        return cdist(a, b, 2, compute_mode.donot_use_mm_for_euclid_dist).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public Tensor Aligned(Tensor rows, Tensor others)
    {
        using var scope = NewDisposeScope();
        var (a, b) = DistanceRows.WidenAligned(rows, others);
        return linalg.vector_norm(a.sub(b), 2, [1]).MoveToOuterDisposeScope();
    }
}
