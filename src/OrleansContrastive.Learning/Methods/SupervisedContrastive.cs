using OrleansContrastive.Learning.Losses;
using OrleansContrastive.Learning.Methods.Frame;
using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Methods;

/// <summary>Supervised contrastive learning (Khosla et al. 2020): every row of the same class is a positive.</summary>
public sealed class SupervisedContrastive(MethodContext context) : IContrastiveMethod
{
    /// <inheritdoc/>
    public MethodPlan Plan { get; } = new() { NeedsLabels = true };

    /// <inheritdoc/>
    public EncodedBatch Encode(MethodBatch batch) =>
        new(batch, outputs: batch.Views.Select(views => Embeddings.Unit(batch.Network.forward(views))));

    /// <inheritdoc/>
    public MethodLoss Loss(EncodedBatch encoded, MethodTargets targets)
    {
        var (first, second) = (encoded.Outputs[0], encoded.Outputs[1]);
        return new(
            SupervisedContrast.Loss(cat([first, second]), [.. encoded.Labels, .. encoded.Labels], context.Temperature),
            BatchMeters.Pairs(first, second, context.Temperature, NtXent.ChanceLevel(first.shape[0])));
    }
}
