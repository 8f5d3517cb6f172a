using OrleansContrastive.Learning.Losses;
using OrleansContrastive.Learning.Methods.Frame;
using OrleansContrastive.Learning.Negatives;

namespace OrleansContrastive.Learning.Methods;

/// <summary>Momentum contrast: MoCo v1 (He et al. 2020) and v2 (Chen et al. 2020), which differ in head, augmentation and
/// constants only.</summary>
/// <remarks>
/// One step, in the paper's order (algorithm 1):
/// <list type="number">
/// <item>θ_k has moved towards θ_q (<see cref="Optimizers.SgdEmaKernel"/>, in the pass that made this version).</item>
/// <item>k = f_k(x_k) without gradient, permuted through batch norm: <see cref="MethodStep.EncodeKeys"/>.</item>
/// <item>q = f_q(x_q): <see cref="Encode"/>.</item>
/// <item>InfoNCE of q against k and the queue as it was before the step: <see cref="Loss"/>.</item>
/// <item>The optimizer updates θ_q; the keys join the queue (<see cref="KeyQueue.Append(ReadOnlySpan{byte}, ReadOnlySpan{long}, in RowStamp)"/>)
/// and are seen from the next step on.</item>
/// </list>
/// Both networks are in training mode.
/// </remarks>
/// <param name="options">Constants of the method.</param>
public sealed class MomentumContrast(MomentumContrastOptions options) : IContrastiveMethod
{
    /// <summary>Constants of the method.</summary>
    public MomentumContrastOptions Options { get; } = Checked(options);

    /// <inheritdoc/>
    public MethodPlan Plan { get; } = new()
    {
        QueryViews = options.Symmetric ? [0, 1] : [0],
        KeyViews = options.Symmetric ? [0, 1] : [1],
        ShuffleKeys = options.ShuffleBatchNorm,
        Memory = MemoryKind.Queue,
        RowsPerSample = options.Symmetric ? 2 : 1,
        Contrast = new() { Temperature = options.Temperature, Sampling = options.Sampling, MaskOwnSamples = options.MaskOwnSamples },
    };

    /// <inheritdoc/>
    public EncodedBatch Encode(MethodBatch batch) =>
        new(batch, queries: batch.Views.Select(views => Embeddings.Unit(batch.Network.forward(views))));

    /// <inheritdoc/>
    public MethodLoss Loss(EncodedBatch encoded, MethodTargets targets) =>
        // Each query's positive is the key of the other view. All keys join the queue, but only after both losses.
        new([.. encoded.Queries.Select((_, view) => new ContrastTerm(view, targets.Keys[^(view + 1)], Options.DirectionWeight))])
        {
            Rows = targets.Keys.Count == 1 ? targets.Keys[0] : TorchSharp.torch.cat([.. targets.Keys]),
        };

    private static MomentumContrastOptions Checked(MomentumContrastOptions options)
    {
        options.Validate();
        return options;
    }
}
