using TorchSharp;
using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Distances;

/// <summary>
/// ½ KL(x‖m) + ½ KL(y‖m) with m = (x + y)/2, in nats, of rows that are probabilities (not checked); in [0, ln 2]. All pairs take
/// N·M·D numbers of memory.
/// </summary>
public sealed class JensenShannonDivergence : IDistance
{
    /// <inheritdoc/>
    public bool IsSimilarity => false;

    /// <inheritdoc/>
    public Tensor Pairwise(Tensor rows, Tensor others)
    {
        using var scope = NewDisposeScope();
        var (a, b) = DistanceRows.Widen(rows, others);
        return Between(a.unsqueeze(1), b.unsqueeze(0)).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public Tensor Aligned(Tensor rows, Tensor others)
    {
        using var scope = NewDisposeScope();
        var (a, b) = DistanceRows.WidenAligned(rows, others);
        return Between(a, b).MoveToOuterDisposeScope();
    }

    private static Tensor Between(Tensor a, Tensor b)
    {
        using var scope = NewDisposeScope();
        var middle = KullbackLeiblerDivergence.Logarithm(a.add(b).div(2));
        var left = a.mul(KullbackLeiblerDivergence.Logarithm(a).sub(middle));
        var right = b.mul(KullbackLeiblerDivergence.Logarithm(b).sub(middle));
        return left.add(right).sum(-1).div(2).MoveToOuterDisposeScope();
    }
}
