using OrleansContrastive.Learning.Losses;
using TorchSharp;

namespace OrleansContrastive.Learning.Methods;

/// <summary>What one step leaves behind, besides the gradients in the query encoder.</summary>
/// <param name="Loss">Loss and meters; of a symmetric step, the mean of both directions.</param>
/// <param name="Keys">[B, D], symmetric [2B, D] (first views' keys before second views'): the rows to append. In no dispose
/// scope.</param>
/// <param name="SampleIds">Sample of each key.</param>
public sealed record StepResult(LossValue Loss, torch.Tensor Keys, long[] SampleIds) : IDisposable
{
    /// <inheritdoc/>
    public void Dispose() => Keys.Dispose();
}
