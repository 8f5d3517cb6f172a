using OrleansContrastive.Learning.Evaluation;
using OrleansContrastive.Learning.Losses;
using TorchSharp;

namespace OrleansContrastive.Learning.Methods.Frame;

/// <summary>What one step leaves behind, besides the gradients in the query encoder.</summary>
/// <param name="Loss">Loss and meters.</param>
/// <param name="Rows">[n, D], the rows that join the memory, image by image within a view; null where the method keeps none. In no dispose
/// scope.</param>
/// <param name="SampleIds">Sample of each row.</param>
public sealed record StepResult(LossValue Loss, torch.Tensor? Rows, long[] SampleIds) : IDisposable
{
    /// <summary>How the embeddings lie; measured at every <see cref="MethodStep.HealthEvery"/>th lease, and of methods that have pairs.</summary>
    public HealthMeasures? Health { get; init; }

    /// <inheritdoc/>
    public void Dispose() => Rows?.Dispose();
}
