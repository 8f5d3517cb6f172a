using OrleansContrastive.Learning.Evaluation;
using OrleansContrastive.Learning.Heads;
using OrleansContrastive.Learning.Losses;
using OrleansContrastive.Learning.Methods.Frame;

namespace OrleansContrastive.Learning.Methods;

/// <summary>Options of <see cref="Byol"/>.</summary>
public sealed record ByolOptions
{
    /// <summary>Hidden width of the predictor; 0 = that of the embedding.</summary>
    public int PredictorWidth { get; init; }
}

/// <summary>BYOL (Grill et al. 2020): a predictor on the online network foretells what the target network, its moving average, makes of the other
/// view. No negatives.</summary>
public sealed class Byol(MethodContext context, ByolOptions options) : IContrastiveMethod
{
    /// <inheritdoc/>
    public MethodPlan Plan { get; } = new() { KeyViews = [0, 1], Guard = CollapseGuard.Predictor, LossFloor = 0, Parts = [Parts.Predictor(options.PredictorWidth)] };

    /// <inheritdoc/>
    public EncodedBatch Encode(MethodBatch batch) =>
        new(batch, outputs: batch.Views.Select(views => batch.Model.Through("predictor", batch.Model.forward(views))));

    /// <inheritdoc/>
    /// <remarks>L = (2 − 2 cos(p₁, z₂)) + (2 − 2 cos(p₂, z₁)), eq. 2 and 3: 4 for rows at right angles, 0 after a collapse.</remarks>
    public MethodLoss Loss(EncodedBatch encoded, MethodTargets targets)
    {
        var (first, second) = (encoded.Outputs[0], encoded.Outputs[1]);
        var loss = NegativeCosine.Loss(first, targets.Keys[1]) + NegativeCosine.Loss(second, targets.Keys[0]);
        return new(loss.add(2).mul(2), BatchMeters.Pairs(first, targets.Keys[1], context.Temperature, chance: 4, negatives: 0));
    }
}
