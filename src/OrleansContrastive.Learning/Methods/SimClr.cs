using OrleansContrastive.Learning.Losses;
using OrleansContrastive.Learning.Methods.Frame;

namespace OrleansContrastive.Learning.Methods;

/// <summary>SimCLR (Chen et al. 2020): the two views of an image find each other among all views of the batch.</summary>
/// <remarks>The batch of the loss is a lease: with W encoders that is batch / W images. Accumulating gradients adds no negatives.</remarks>
public sealed class SimClr(MethodContext context) : IContrastiveMethod
{
    /// <inheritdoc/>
    public MethodPlan Plan { get; } = new();

    /// <inheritdoc/>
    public EncodedBatch Encode(MethodBatch batch) =>
        new(batch, outputs: batch.Views.Select(views => Embeddings.Unit(batch.Network.forward(views))));

    /// <inheritdoc/>
    public MethodLoss Loss(EncodedBatch encoded, MethodTargets targets)
    {
        var (first, second) = (encoded.Outputs[0], encoded.Outputs[1]);
        var others = (2 * first.shape[0]) - 2;
        return new(
            NtXent.Loss(first, second, context.Temperature),
            BatchMeters.Pairs(first, second, context.Temperature, NtXent.ChanceLevel(first.shape[0]), others));
    }
}
