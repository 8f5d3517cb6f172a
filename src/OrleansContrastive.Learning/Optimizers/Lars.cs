namespace OrleansContrastive.Learning.Optimizers;

/// <summary>
/// Layer-wise adaptive rates (LARS, You et al. 2017) and LARC: the step of <see cref="SgdEmaKernel"/> with coefficients of its
/// own for every tensor.
/// </summary>
/// <remarks>
/// A factor of the gradient for its age (<see cref="SgdStep.GradientScale"/>) comes after r, which would undo it. The norms are
/// float64 sums in a fixed order (<see cref="TensorNorms"/>): the same bits wherever the tensor lies.
/// </remarks>
/// <param name="Form">Which of the published forms.</param>
/// <param name="TrustCoefficient">η; 0.001 in all published codes.</param>
/// <param name="Epsilon">ε of <see cref="LarsForm.Lightly"/>, <see cref="LarsForm.Solo"/> and <see cref="LarsForm.Larc"/>.</param>
/// <param name="ClipsTrust">r ← min(r/lr, 1), for <see cref="LarsForm.Solo"/> and <see cref="LarsForm.Larc"/>.</param>
public sealed record Lars(LarsForm Form, double TrustCoefficient = 0.001, double Epsilon = 1e-8, bool ClipsTrust = false) : Optimizer
{
    /// <inheritdoc/>
    public override bool TakesNorms => true;

    private bool MeasuresDecayed => Form is LarsForm.MocoV3 or LarsForm.Google;

    /// <summary>Whether a tensor gets a rate of its own.</summary>
    /// <param name="run">The tensor.</param>
    /// <param name="step">The tensor's coefficients (<see cref="SgdStep.For"/>).</param>
    internal bool Adapts(ParameterRun run, in SgdStep step) => Form switch
    {
        LarsForm.MocoV3 or LarsForm.Google => !run.IsVector,
        LarsForm.Lightly => step.WeightDecay != 0,
        LarsForm.Solo => run.Decays,
        _ => true,
    };

    /// <summary>How much of the weights is added to the gradient whose norm counts.</summary>
    internal double NormDecay(in SgdStep step) => MeasuresDecayed ? step.WeightDecay : 0;

    /// <summary>The coefficients for a tensor.</summary>
    /// <param name="run">The tensor.</param>
    /// <param name="step">The tensor's coefficients before (<see cref="SgdStep.For"/>).</param>
    /// <param name="norms">‖w‖ and ‖g‖, or ‖g + wd·w‖ as <see cref="NormDecay"/> says; not looked at where none adapts.</param>
    internal SgdStep StepOf(ParameterRun run, in SgdStep step, in TensorNorms norms)
    {
        var (trust, decay) = (1.0, step.WeightDecay);
        if (!Adapts(run, step))
        {
            if (MeasuresDecayed) decay = 0;
        }
        else if (norms.Weights > 0 && norms.Gradient > 0)
        {
            trust = TrustCoefficient * norms.Weights
                / (MeasuresDecayed ? norms.Gradient : norms.Gradient + decay * norms.Weights + Epsilon);
            if (ClipsTrust && Form is (LarsForm.Solo or LarsForm.Larc)) trust = Math.Min(trust / step.LearningRate, 1);
        }
        else if (!MeasuresDecayed)
        {
            decay = 0;
        }

        return Form == LarsForm.Google
            ? step with { LearningRate = 1, GradientScale = step.GradientScale * step.LearningRate * trust, WeightDecay = step.LearningRate * trust * decay }
            : step with { GradientScale = step.GradientScale * trust, WeightDecay = trust * decay };
    }
}
