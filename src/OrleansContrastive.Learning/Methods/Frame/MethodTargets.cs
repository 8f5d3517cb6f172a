using OrleansContrastive.Learning.Negatives;
using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Methods.Frame;

/// <summary>What the loss compares with: everything that was not encoded by the query network.</summary>
public sealed class MethodTargets
{
    /// <summary>Keys of each of the plan's key views, [B, D], in that order. No gradient.</summary>
    public IReadOnlyList<Tensor> Keys { get; init; } = [];

    /// <summary>The bank's row of each sample, [B, D] unit rows; null unless the plan asks for them.</summary>
    public Tensor? OwnRows { get; init; }

    /// <summary>The queue, where the plan wants it here.</summary>
    public INegativeRows? Memory { get; init; }
}
