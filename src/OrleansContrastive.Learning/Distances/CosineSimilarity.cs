using OrleansContrastive.Learning.Losses;
using TorchSharp;
using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Distances;

/// <summary>x·y/(|x||y|). A row of zeros is at right angles to everything and gets no gradient.</summary>
public sealed class CosineSimilarity : IDistance
{
    /// <inheritdoc/>
    public bool IsSimilarity => true;

    /// <inheritdoc/>
    public Tensor Pairwise(Tensor rows, Tensor others)
    {
        using var scope = NewDisposeScope();
        var (a, b) = DistanceRows.Widen(rows, others);
        return LossRows.Unit(a).mm(LossRows.Unit(b).t()).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public Tensor Aligned(Tensor rows, Tensor others)
    {
        using var scope = NewDisposeScope();
        var (a, b) = DistanceRows.WidenAligned(rows, others);
        return LossRows.Unit(a).mul(LossRows.Unit(b)).sum(1).MoveToOuterDisposeScope();
    }
}
