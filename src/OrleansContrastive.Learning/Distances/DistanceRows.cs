using OrleansContrastive.Learning.Losses;
using TorchSharp;
using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Distances;

/// <summary>What the distances have in common.</summary>
internal static class DistanceRows
{
    /// <summary>Both in the precision of the first, as long as they are [N, D] and [M, D].</summary>
    public static (Tensor Rows, Tensor Others) Widen(Tensor rows, Tensor others)
    {
        if (rows.dim() != 2 || others.dim() != 2 || rows.shape[1] != others.shape[1])
        {
            throw new ArgumentException(
                $"The rows are {LossRows.Shape(rows)} and the others {LossRows.Shape(others)}; expected [N, D] and [M, D].", nameof(others));
        }

        return (LossRows.Widen(rows), LossRows.WidenAs(others, rows));
    }

    /// <summary>As <see cref="Widen"/>, with as many others as rows.</summary>
    public static (Tensor Rows, Tensor Others) WidenAligned(Tensor rows, Tensor others)
    {
        LossRows.RequirePairs(rows, others, least: 0);
        return (LossRows.Widen(rows), LossRows.WidenAs(others, rows));
    }

    /// <summary>The values turned, where need be, so that smaller is nearer.</summary>
    public static Tensor Far(IDistance distance, Tensor values) => distance.IsSimilarity ? values.neg() : values;
}
