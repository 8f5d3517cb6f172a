namespace OrleansContrastive.Learning.Optimizers;

/// <summary>The numbers of one update, already scaled to its batch (see <see cref="Schedules.ReferenceBatch"/>).</summary>
/// <param name="LearningRate">Step length.</param>
/// <param name="Momentum">Heavy-ball coefficient μ of the velocity, 0 to 1.</param>
/// <param name="WeightDecay">L2 coefficient added to the gradient, as in <c>torch.optim.SGD</c>; decoupled in <see cref="AdamW"/>.</param>
/// <param name="Nesterov">Whether the step looks ahead along the velocity.</param>
/// <param name="KeyMomentum">Coefficient m of the key encoder's moving average (MoCo, eq. 2), 0 to 1.</param>
/// <param name="GradientScale">Factor of the gradient, not of the weight decay: 1/(1 + τ) for one that is τ updates old
/// (Zhang et al. 2016, staleness-aware ASGD), otherwise 1.</param>
/// <param name="FixedRate">Step length of the runs whose rate follows no schedule (<see cref="ParameterRun.FixedRate"/>); null =
/// <paramref name="LearningRate"/>.</param>
public readonly record struct SgdStep(
    double LearningRate,
    double Momentum,
    double WeightDecay,
    bool Nesterov,
    double KeyMomentum,
    double GradientScale = 1,
    double? FixedRate = null)
{
    /// <summary>The numbers for one run of parameters.</summary>
    public SgdStep For(ParameterRun run) => this with
    {
        LearningRate = run.FixedRate ? FixedRate ?? LearningRate : LearningRate,
        WeightDecay = run.Decays ? WeightDecay : 0,
    };
}
