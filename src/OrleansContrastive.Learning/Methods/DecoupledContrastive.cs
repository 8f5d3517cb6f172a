using OrleansContrastive.Learning.Losses;
using OrleansContrastive.Learning.Methods.Frame;

namespace OrleansContrastive.Learning.Methods;

/// <summary>Options of <see cref="DecoupledContrastive"/>.</summary>
public sealed record DecoupledContrastiveOptions
{
    /// <summary>σ of the positive's weight (DCLW, eq. 6; 0.5 in the paper); 0 = no weight, DCL.</summary>
    public double Sigma { get; init; }
}

/// <summary>Decoupled contrastive learning (Yeh et al. 2022): SimCLR whose denominator leaves the positive out, so that an easy positive does not take the
/// gradient of the negatives away.</summary>
public sealed class DecoupledContrastive(MethodContext context, DecoupledContrastiveOptions options) : IContrastiveMethod
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
            DecoupledContrast.Loss(first, second, context.Temperature, options.Sigma > 0 ? options.Sigma : null),
            BatchMeters.Pairs(first, second, context.Temperature, Math.Log(others), others));
    }
}
