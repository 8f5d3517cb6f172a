namespace OrleansContrastive.Learning.Optimizers;

/// <summary>Adam with decoupled weight decay (Loshchilov and Hutter 2019, algorithm 2), as <c>torch.optim.AdamW</c>.</summary>
/// <remarks>Its first moment is the shard's <see cref="ParameterVersion.Velocity"/>, which starts from zero.</remarks>
/// <param name="Beta1">Share of the past in the mean of the gradient, in [0, 1).</param>
/// <param name="Beta2">Share of the past in the mean of the squared gradient, in [0, 1).</param>
/// <param name="Epsilon">Added to the root of the mean square; above 0.</param>
public sealed record AdamW(double Beta1 = 0.9, double Beta2 = 0.999, double Epsilon = 1e-8) : Optimizer
{
    /// <inheritdoc/>
    public override bool KeepsSecondMoment => true;

    /// <summary>The numbers of an update.</summary>
    /// <param name="step">Rate, decay, moving average of the keys; its momentum is not used.</param>
    /// <param name="steps">Updates of the shard including this one, at least 1: what the means' bias is corrected by.</param>
    public AdamWStep StepOf(in SgdStep step, long steps)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(steps);
        return new(
            step.LearningRate, step.WeightDecay, Beta1, Beta2, Epsilon,
            1 - Math.Pow(Beta1, steps), 1 - Math.Pow(Beta2, steps), step.KeyMomentum, step.GradientScale);
    }
}
