using TorchSharp;

namespace OrleansContrastive.Learning.Distances;

/// <summary>How far, or how alike, two rows are. Values without state: one instance serves all threads.</summary>
/// <remarks>
/// Computed in float32, or float64 where the first rows are, whatever precision comes in; differentiable by autograd in both
/// arguments, with a finite gradient where rows are equal.
/// </remarks>
public interface IDistance
{
    /// <summary>True where larger values mean nearer rows.</summary>
    bool IsSimilarity { get; }

    /// <summary>Every row with every other.</summary>
    /// <param name="rows">[N, D].</param>
    /// <param name="others">[M, D].</param>
    /// <returns>[N, M].</returns>
    /// <exception cref="ArgumentException">The shapes disagree.</exception>
    torch.Tensor Pairwise(torch.Tensor rows, torch.Tensor others);

    /// <summary>Row n with row n.</summary>
    /// <param name="rows">[N, D].</param>
    /// <param name="others">[N, D].</param>
    /// <returns>[N].</returns>
    /// <exception cref="ArgumentException">The shapes disagree.</exception>
    torch.Tensor Aligned(torch.Tensor rows, torch.Tensor others);
}
