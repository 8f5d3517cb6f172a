using TorchSharp;
using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Distances;

/// <summary>
/// KL(x‖y) = Σ x ln(x/y) in nats, of rows that are probabilities (not checked: 0 or more, summing to 1). Not symmetric. Entries
/// below 1e-12 stand as 1e-12 within the logarithms: x = 0 adds nothing, and y = 0 where x is not adds 27.6 x, not infinity.
/// </summary>
public sealed class KullbackLeiblerDivergence : IDistance
{
    internal const double Floor = 1e-12;

    /// <inheritdoc/>
    public bool IsSimilarity => false;

    /// <inheritdoc/>
    public Tensor Pairwise(Tensor rows, Tensor others)
    {
        using var scope = NewDisposeScope();
        var (a, b) = DistanceRows.Widen(rows, others);
        return a.mul(Logarithm(a)).sum(1, keepdim: true).sub(a.mm(Logarithm(b).t())).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public Tensor Aligned(Tensor rows, Tensor others)
    {
        using var scope = NewDisposeScope();
        var (a, b) = DistanceRows.WidenAligned(rows, others);
        return a.mul(Logarithm(a).sub(Logarithm(b))).sum(1).MoveToOuterDisposeScope();
    }

    internal static Tensor Logarithm(Tensor probabilities)
    {
        using var scope = NewDisposeScope();
        return probabilities.clamp_min(Floor).log().MoveToOuterDisposeScope();
    }
}
