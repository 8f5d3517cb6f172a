using OrleansContrastive.Learning.Evaluation;
using OrleansContrastive.Learning.Heads;
using OrleansContrastive.Learning.Losses;
using OrleansContrastive.Learning.Methods.Frame;

namespace OrleansContrastive.Learning.Methods;

/// <summary>Options of <see cref="SimSiam"/>.</summary>
public sealed record SimSiamOptions
{
    /// <summary>Hidden width of the predictor, a bottleneck; 0 = a quarter of the embedding, as in the paper.</summary>
    public int PredictorWidth { get; init; }

    /// <summary>No gradient flows into the targets. Without it the network collapses (section 4.1): only to show that.</summary>
    public bool StopGradient { get; init; } = true;
}

/// <summary>SimSiam (Chen and He 2021): a predictor foretells what the same network makes of the other view, through which no gradient flows. No
/// negatives and no moving average.</summary>
/// <remarks>The predictor's learning rate stays what it is while the encoder's falls (<c>fixedRateParts=predictor</c>).</remarks>
public sealed class SimSiam(MethodContext context, SimSiamOptions options) : IContrastiveMethod
{
    /// <inheritdoc/>
    public MethodPlan Plan { get; } = new()
    {
        Guard = CollapseGuard.Predictor,
        LossFloor = -1,
        Parts =
        [
            new("predictor", (layers, widths) => new Perceptron(
                layers,
                new(2, HiddenNorm: true, OutputNorm: false, OutputAffine: false, Bias: true),
                widths.Embedding,
                options.PredictorWidth > 0 ? options.PredictorWidth : Math.Max(8, widths.Embedding / 4),
                widths.Embedding)),
        ],
    };

    /// <inheritdoc/>
    public EncodedBatch Encode(MethodBatch batch)
    {
        var projections = batch.Views.Select(views => batch.Model.forward(views)).ToList();
        return new(batch, outputs: [.. projections.Select(rows => batch.Model.Through("predictor", rows)), .. projections]);
    }

    /// <inheritdoc/>
    /// <remarks>L = −½ cos(p₁, z₂) − ½ cos(p₂, z₁), eq. 2 and 4: 0 for rows at right angles, −1 after a collapse.</remarks>
    public MethodLoss Loss(EncodedBatch encoded, MethodTargets targets)
    {
        var (p1, p2, z1, z2) = (encoded.Outputs[0], encoded.Outputs[1], encoded.Outputs[2], encoded.Outputs[3]);
        var loss = options.StopGradient
            ? NegativeCosine.Loss(p1, z2) + NegativeCosine.Loss(p2, z1)
            : (Embeddings.Unit(p1).mul(Embeddings.Unit(z2)).sum(1).mean() + Embeddings.Unit(p2).mul(Embeddings.Unit(z1)).sum(1).mean()).neg();
        return new(loss.mul(0.5), BatchMeters.Pairs(z1, z2, context.Temperature, chance: 0, negatives: 0));
    }
}
