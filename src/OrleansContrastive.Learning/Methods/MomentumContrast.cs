using OrleansContrastive.Learning.Losses;
using OrleansContrastive.Learning.Negatives;
using OrleansContrastive.Learning.Negatives.Sampling;
using TorchSharp;
using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Methods;

/// <summary>Momentum contrast: MoCo v1 (He et al. 2020) and v2 (Chen et al. 2020), which differ in head, augmentation and
/// constants only.</summary>
/// <remarks>
/// One step, in the paper's order (algorithm 1):
/// <list type="number">
/// <item>θ_k has moved towards θ_q (<see cref="Optimizers.SgdEmaKernel"/>, in the pass that made this version).</item>
/// <item>k = f_k(x_k) without gradient, permuted through batch norm: <see cref="EncodeKeys"/>.</item>
/// <item>q = f_q(x_q): <see cref="Query"/>.</item>
/// <item>InfoNCE of q against k and the queue as it was before the step, and its gradient, which goes back into the network:
/// Contrast. Loss and gradient have a closed form (<see cref="InfoNce"/> is the definition), and it is the same one for rows
/// that are here and for rows that stayed at their shards.</item>
/// <item>The optimizer updates θ_q; the keys join the queue (<see cref="KeyQueue.Append(ReadOnlySpan{byte}, ReadOnlySpan{long}, in RowStamp)"/>)
/// and are seen from the next step on.</item>
/// </list>
/// Both networks are in training mode. <see cref="Step"/> does the middle three on one device; the actors do each where its
/// data is. Belongs to one executor thread; it holds no state.
/// </remarks>
/// <param name="options">Constants of the method.</param>
public sealed class MomentumContrast(MomentumContrastOptions options)
{
    /// <summary>Constants of the method.</summary>
    public MomentumContrastOptions Options { get; } = Checked(options);

    /// <summary>One step on one device: keys, queries, loss and gradients. Updates nothing: the caller applies the gradients
    /// and, after that, appends the keys.</summary>
    /// <param name="queryEncoder">f_q, [B, …] to [B, D]; gradients are added to its parameters.</param>
    /// <param name="keyEncoder">f_k with the weights θ_k of this version.</param>
    /// <param name="first">First views, [B, C, H, W].</param>
    /// <param name="second">Second views of the same images.</param>
    /// <param name="sampleIds">Sample of each image.</param>
    /// <param name="negatives">The queue as this step sees it.</param>
    /// <param name="seed">Seed of the run.</param>
    /// <param name="lease">Lease, or step of a plain loop.</param>
    public StepResult Step(
        nn.Module<Tensor, Tensor> queryEncoder,
        nn.Module<Tensor, Tensor> keyEncoder,
        Tensor first,
        Tensor second,
        long[] sampleIds,
        INegativeRows negatives,
        ulong seed,
        long lease)
    {
        var keysOfSecond = EncodeKeys(keyEncoder, second, seed, lease);
        if (!Options.Symmetric)
        {
            using var pass = Query(queryEncoder, first, sampleIds);
            return new(Contrast(pass, keysOfSecond, negatives, seed, lease), keysOfSecond, sampleIds);
        }

        using var keysOfFirst = EncodeKeys(keyEncoder, first, seed, lease, direction: 1);
        using var forth = Query(queryEncoder, first, sampleIds);
        var lossForth = Contrast(forth, keysOfSecond, negatives, seed, lease);
        using var back = Query(queryEncoder, second, sampleIds);
        var lossBack = Contrast(back, keysOfFirst, negatives, seed, lease);

        // Both key sets join the queue, but only after both losses.
        using (keysOfSecond)
        {
            var keys = cat([keysOfFirst, keysOfSecond]).DetachFromDisposeScope();
            return new(LossValue.Mean(lossForth, lossBack), keys, [.. sampleIds, .. sampleIds]);
        }
    }

    /// <summary>Encodes the keys of a batch: no gradient, batch norm over a permuted batch, order restored.</summary>
    /// <param name="keyEncoder">f_k.</param>
    /// <param name="views">Key views, [B, C, H, W].</param>
    /// <param name="seed">Seed of the run.</param>
    /// <param name="lease">Lease, or step of a plain loop.</param>
    /// <param name="direction">0; 1 for the second direction of a symmetric step.</param>
    /// <returns>[B, D] unit rows, in no dispose scope: the caller's to dispose.</returns>
    public Tensor EncodeKeys(
        nn.Module<Tensor, Tensor> keyEncoder, Tensor views, ulong seed, long lease, int direction = 0)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        if (!Options.ShuffleBatchNorm)
        {
            return UnitRows(keyEncoder.forward(views)).DetachFromDisposeScope();
        }

        var shuffle = KeyShuffle.Draw(seed, lease, direction, (int)views.shape[0]);
        var shuffled = views.index_select(0, tensor(shuffle.Order, device: views.device));
        var keys = UnitRows(keyEncoder.forward(shuffled));
        return keys.index_select(0, tensor(shuffle.Restore, device: views.device)).DetachFromDisposeScope();
    }

    /// <summary>Encodes the queries of a batch and keeps the graph.</summary>
    /// <param name="queryEncoder">f_q.</param>
    /// <param name="views">Query views, [B, C, H, W].</param>
    /// <param name="sampleIds">Sample of each view.</param>
    /// <returns>The pass, in no dispose scope: the caller's to dispose.</returns>
    public QueryPass Query(nn.Module<Tensor, Tensor> queryEncoder, Tensor views, long[] sampleIds)
    {
        RowColumns.RequireLength(nameof(sampleIds), sampleIds.Length, views.shape[0]);
        using var scope = NewDisposeScope();
        using var withGrad = enable_grad();
        var queries = UnitRows(queryEncoder.forward(views)).DetachFromDisposeScope();
        return new(queries, Options.MaskOwnSamples ? sampleIds : []);
    }

    /// <summary>Contrasts against rows that are here and adds the gradients to the network's.</summary>
    /// <param name="pass">Queries of this step.</param>
    /// <param name="keys">[B, D] positive keys.</param>
    /// <param name="negatives">The queue, on the device of the queries; an empty one gives loss and gradient 0.</param>
    /// <param name="seed">Seed of the run.</param>
    /// <param name="lease">Lease, or step of a plain loop: what strategies draw by.</param>
    public LossValue Contrast(QueryPass pass, Tensor keys, INegativeRows negatives, ulong seed = 0, long lease = 0)
    {
        var call = new ContrastCall { Temperature = Options.Temperature, SampleIds = pass.Ids, Seed = seed, Step = lease };
        using var home = Options.Sampling.Begin(pass.Queries, call, negatives);
        foreach (var (first, count) in home.Ranges(int.MaxValue)) home.Add(first, count);
        return Contrast(pass, keys, [home.Finish()]);
    }

    /// <summary>Contrasts against rows that stayed at their shards: merges the partial softmaxes with the positive and adds
    /// the gradients to the network's.</summary>
    /// <param name="pass">Queries of this step, as sent to the shards.</param>
    /// <param name="keys">[B, D] positive keys.</param>
    /// <param name="parts">One part per shard or row range, in index order; empty ones give loss and gradient 0.</param>
    public LossValue Contrast(QueryPass pass, Tensor keys, IReadOnlyList<PartialSoftmax> parts) =>
        Contrast(pass, keys, [.. parts.Select(part => new[] { part })]);

    /// <summary>Contrasts against rows that stayed at their shards, by the option's strategy.</summary>
    /// <param name="pass">Queries of this step, as sent to the shards.</param>
    /// <param name="keys">[B, D] positive keys.</param>
    /// <param name="answers">One answer per shard, in index order.</param>
    public LossValue Contrast(QueryPass pass, Tensor keys, IReadOnlyList<PartialSoftmax[]> answers)
    {
        using var scope = NewDisposeScope();
        var rows = pass.Queries.shape[0];
        var gradient = new double[pass.Queries.NumberOfElements];
        var value = Options.Sampling.Evaluate(
            QueryPass.ReadDoubles(pass.Queries),
            QueryPass.ReadDoubles(keys),
            Options.Sampling.Join(answers),
            Options.Temperature,
            gradient);
        pass.Backward(
            tensor(gradient, [rows, gradient.Length / rows])
                .mul(Options.DirectionWeight).to_type(pass.Queries.dtype).to(pass.Queries.device));
        return value;
    }

    /// <summary>Head outputs, projected onto the unit sphere in float32, or float64 where they are.</summary>
    private static Tensor UnitRows(Tensor outputs)
    {
        var wide = outputs.dtype == ScalarType.Float64 ? outputs : outputs.to_type(ScalarType.Float32);
        return nn.functional.normalize(wide, p: 2, dim: 1);
    }

    private static MomentumContrastOptions Checked(MomentumContrastOptions options)
    {
        options.Validate();
        return options;
    }
}
