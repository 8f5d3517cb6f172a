namespace OrleansContrastive.Learning.Schedules;

/// <summary>Scales coefficients that a recipe gives per reference batch R to an update of b samples, so that runs are
/// comparable at equal samples whatever their batch.</summary>
/// <param name="Samples">R, the batch for which learning rate and moving average are quoted.</param>
public readonly record struct ReferenceBatch(int Samples)
{
    /// <summary>lr·b/R, the linear scaling rule (Goyal et al. 2017).</summary>
    /// <param name="learningRate">Rate for R samples.</param>
    /// <param name="batch">Samples of this update.</param>
    public double LearningRate(double learningRate, long batch) => learningRate * ((double)batch / Samples);

    /// <summary>m^(b/R): the moving average keeps its half-life in samples.</summary>
    /// <param name="momentum">Coefficient for R samples.</param>
    /// <param name="batch">Samples of this update.</param>
    public double KeyMomentum(double momentum, long batch) =>
        batch == Samples ? momentum : Math.Pow(momentum, (double)batch / Samples);
}
