using OrleansContrastive.Learning.Evaluation;
using OrleansContrastive.Learning.Losses;
using OrleansContrastive.Learning.Methods.Frame;

namespace OrleansContrastive.Learning.Methods;

/// <summary>Weights of <see cref="VarianceInvarianceCovariance"/>.</summary>
public sealed record VicRegOptions
{
    /// <summary>λ of the distance between the views.</summary>
    public double Invariance { get; init; } = 25;

    /// <summary>μ of the hinge on the deviation of every dimension.</summary>
    public double Variance { get; init; } = 25;

    /// <summary>ν of the covariances between dimensions.</summary>
    public double Covariance { get; init; } = 1;
}

/// <summary>VICReg (Bardes et al. 2022): the views agree, every dimension varies, no two dimensions vary together. No negatives.</summary>
public sealed class VarianceInvarianceCovariance(MethodContext context, VicRegOptions options) : IContrastiveMethod
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
            VicReg.Loss(first, second, options.Invariance, options.Variance, options.Covariance),
            // What rows of independent dimensions of deviation 1 lose that have nothing to do with each other.
            BatchMeters.Pairs(first, second, context.Temperature, chance: 2 * options.Invariance, negatives: 0));
    }
}
