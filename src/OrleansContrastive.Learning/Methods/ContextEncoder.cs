using OrleansContrastive.Learning.Encoders;
using OrleansContrastive.Learning.Heads;
using OrleansContrastive.Learning.Losses;
using OrleansContrastive.Learning.Methods.Frame;
using TorchSharp;
using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Methods;

/// <summary>Context encoder (Pathak et al. 2016): the middle of the image is cut out; what was there?</summary>
/// <remarks>The mean squared difference of the pixels of the middle half, without the paper's adversarial term, painted by a perceptron on the features.</remarks>
public sealed class ContextEncoder : IContrastiveMethod
{
    private readonly MethodContext _context;

    /// <summary>Makes the method.</summary>
    public ContextEncoder(MethodContext context)
    {
        _context = context;
        var pixels = context.Channels * (context.ImageSize / 2) * (context.ImageSize / 2);
        Plan = new() { QueryViews = [0], Input = EncoderInput.Images, Guard = null, Parts = [Parts.Classifier("pixels", pixels, hidden: 256)] };
    }

    /// <inheritdoc/>
    public MethodPlan Plan { get; }

    /// <inheritdoc/>
    public EncodedBatch Encode(MethodBatch batch)
    {
        var views = batch.Views[0];
        var (hole, side) = (_context.ImageSize / 4, _context.ImageSize / 2);
        var seen = views.clone();
        var middle = views.narrow(2, hole, side).narrow(3, hole, side);
        // Normalised views have mean 0, which is what the paper paints a hole with.
        seen.narrow(2, hole, side).narrow(3, hole, side).zero_();
        return new(batch, outputs: [batch.Model.Through("pixels", batch.Model.Features(seen)), middle.reshape(batch.Count, -1)]);
    }

    /// <inheritdoc/>
    public MethodLoss Loss(EncodedBatch encoded, MethodTargets targets)
    {
        var (painted, there) = (encoded.Outputs[0], encoded.Outputs[1]);
        var similar = Mean(Embeddings.Unit(painted.detach()).mul(Embeddings.Unit(there)).sum(1));
        // Painting the mean loses the variance.
        var chance = Mean(there.sub(there.mean()).square());
        return new(nn.functional.mse_loss(painted, there), new LossValue(encoded.SampleIds.Length, 0, chance, 0, similar, 0, 0));
    }

    private static double Mean(Tensor values) => values.to_type(ScalarType.Float64).mean().item<double>();
}
