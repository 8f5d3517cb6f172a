using OrleansContrastive.Learning.Heads;
using OrleansContrastive.Learning.Losses;
using OrleansContrastive.Learning.Methods.Frame;

namespace OrleansContrastive.Learning.Methods;

/// <summary>Options of <see cref="MomentumContrastV3"/>.</summary>
public sealed record MomentumContrastV3Options
{
    /// <summary>Hidden width of the predictor; 0 = that of the embedding.</summary>
    public int PredictorWidth { get; init; }

    /// <summary>Whether a batch norm without weights of its own ends the predictor: in the release it does for ViTs and not for ResNets.</summary>
    public bool PredictorNorm { get; init; }
}

/// <summary>MoCo v3 (Chen et al. 2021): no queue; the keys of the momentum encoder are each other's negatives, and a predictor stands on the
/// query side.</summary>
public sealed class MomentumContrastV3(MethodContext context, MomentumContrastV3Options options) : IContrastiveMethod
{
    /// <inheritdoc/>
    public MethodPlan Plan { get; } = new()
    {
        KeyViews = [0, 1],
        Parts = [Parts.Predictor(options.PredictorWidth, new(2, HiddenNorm: true, OutputNorm: options.PredictorNorm, OutputAffine: false, Bias: false))],
    };

    /// <inheritdoc/>
    public EncodedBatch Encode(MethodBatch batch) =>
        new(batch, outputs: batch.Views.Select(views => Embeddings.Unit(batch.Model.Through("predictor", batch.Model.forward(views)))));

    /// <inheritdoc/>
    /// <remarks>2T · (InfoNCE(q₁, k₂) + InfoNCE(q₂, k₁)), algorithm 1; chance is 4T ln B.</remarks>
    public MethodLoss Loss(EncodedBatch encoded, MethodTargets targets)
    {
        var (first, second) = (encoded.Outputs[0], encoded.Outputs[1]);
        var loss = InBatchInfoNce.Loss(first, targets.Keys[1], context.Temperature) + InBatchInfoNce.Loss(second, targets.Keys[0], context.Temperature);
        return new(
            loss.mul(2 * context.Temperature),
            BatchMeters.Pairs(first, targets.Keys[1], context.Temperature, 4 * context.Temperature * Math.Log(first.shape[0])));
    }
}
