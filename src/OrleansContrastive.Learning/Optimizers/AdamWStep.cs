namespace OrleansContrastive.Learning.Optimizers;

/// <summary>The numbers of one update of <see cref="AdamWKernel"/>.</summary>
/// <param name="LearningRate">Step length.</param>
/// <param name="WeightDecay">Decoupled: the weights shrink by rate times this.</param>
/// <param name="Beta1">Share of the past in the mean of the gradient.</param>
/// <param name="Beta2">Share of the past in the mean of the squared gradient.</param>
/// <param name="Epsilon">Added to the root of the mean square.</param>
/// <param name="Correction1">1 − β₁ᵗ.</param>
/// <param name="Correction2">1 − β₂ᵗ.</param>
/// <param name="KeyMomentum">Coefficient m of the key encoder's moving average.</param>
/// <param name="GradientScale">Factor of the gradient in its mean, not in the mean square: a constant factor of both would cancel.</param>
public readonly record struct AdamWStep(
    double LearningRate,
    double WeightDecay,
    double Beta1,
    double Beta2,
    double Epsilon,
    double Correction1,
    double Correction2,
    double KeyMomentum,
    double GradientScale = 1);
