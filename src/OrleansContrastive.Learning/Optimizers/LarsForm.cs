namespace OrleansContrastive.Learning.Optimizers;

/// <summary>
/// The forms of layer-wise adaptive rates that are in use (You et al. 2017, algorithm 1). No two of them take the same
/// steps; w is a tensor, g its gradient, wd its weight decay, η the trust coefficient, lr the rate, μ the momentum.
/// </summary>
public enum LarsForm
{
    /// <summary>
    /// As in the codes of MoCo v3, Barlow Twins and VICReg: r = η‖w‖/‖g + wd·w‖, 1 where a norm is 0; v ← μv + r(g + wd·w),
    /// w ← w − lr·v. Tensors of one dimension (biases and norms) get neither r nor weight decay.
    /// </summary>
    MocoV3,

    /// <summary>
    /// As in the code of SimCLR: the same r, but the rate is inside of the momentum: v ← μv + lr·r(g + wd·w), w ← w − v. Differs
    /// from <see cref="MocoV3"/> whenever the rate changes.
    /// </summary>
    Google,

    /// <summary>
    /// As in lightly and bolts: r = η‖w‖/(‖g‖ + wd‖w‖ + ε), and only where wd is not 0; then as <see cref="MocoV3"/>. Where a
    /// norm is 0, neither r nor weight decay.
    /// </summary>
    Lightly,

    /// <summary>
    /// As in solo-learn: <see cref="Lightly"/>'s r also without weight decay, on request clipped to min(r/lr, 1). Tensors that do
    /// not decay (excluded biases and norms) get no r.
    /// </summary>
    Solo,

    /// <summary>LARC, as in apex and SwAV: <see cref="Solo"/> without exceptions: biases and norms get r as well.</summary>
    Larc,
}
