using OrleansContrastive.Learning.Evaluation;
using OrleansContrastive.Learning.Losses;
using OrleansContrastive.Learning.Methods.Frame;

namespace OrleansContrastive.Learning.Methods;

/// <summary>Constants of <see cref="RedundancyReduction"/>.</summary>
public sealed record BarlowTwinsOptions
{
    /// <summary>λ of the off-diagonal elements (0.0051 in the paper).</summary>
    public double OffDiagonal { get; init; } = 0.0051;

    /// <summary>Factor of the loss (0.024 on ImageNet, 0.1 in CIFAR recipes).</summary>
    public double Scale { get; init; } = 0.1;
}

/// <summary>Barlow Twins (Zbontar et al. 2021): the cross-correlation of the dimensions of both views becomes the identity. No negatives.</summary>
public sealed class RedundancyReduction(MethodContext context, BarlowTwinsOptions options) : IContrastiveMethod
{
    /// <inheritdoc/>
    public MethodPlan Plan { get; } = new() { Guard = CollapseGuard.Regularisation };

    /// <inheritdoc/>
    public EncodedBatch Encode(MethodBatch batch) => new(batch, outputs: batch.Views.Select(batch.Network.forward));

    /// <inheritdoc/>
    public MethodLoss Loss(EncodedBatch encoded, MethodTargets targets)
    {
        var (first, second) = (encoded.Outputs[0], encoded.Outputs[1]);
        return new(
            BarlowTwins.Loss(first, second, options.OffDiagonal, options.Scale),
            // With all correlations at 0 only the diagonal is lost.
            BatchMeters.Pairs(first, second, context.Temperature, chance: options.Scale * first.shape[1], negatives: 0));
    }
}
