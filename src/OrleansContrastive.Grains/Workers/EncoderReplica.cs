using OrleansContrastive.Contracts.Blocks;
using OrleansContrastive.Contracts.Runs;
using OrleansContrastive.Contracts.Workers;
using OrleansContrastive.Grains.Silos;
using OrleansContrastive.Learning.Encoders;
using OrleansContrastive.Learning.Losses;
using OrleansContrastive.Learning.Methods;
using OrleansContrastive.Learning.Negatives;
using TorchSharp;

namespace OrleansContrastive.Grains.Workers;

/// <summary>The gradient of a step, flat per parameter shard, and its batch-norm moments.</summary>
/// <param name="Shards">Little-endian elements for each shard.</param>
/// <param name="Moments">Moments for each shard; empty where a shard keeps none.</param>
/// <param name="Type">Element type of the gradient; null = the run's master type.</param>
internal sealed record StepGradients(ReadOnlyMemory<byte>[] Shards, ReadOnlyMemory<byte>[] Moments, ElementType? Type = null);

/// <summary>
/// The query network on one lane. A step is two jobs of the lane, between which the negatives are fetched: the forward
/// pass, whose graph stays, and the contrast with the backward pass. On the lane's thread only.
/// </summary>
internal sealed class EncoderReplica : IDisposable
{
    private readonly torch.Device _device;
    private readonly torch.ScalarType _type;
    private readonly ContrastiveModel _model;
    private readonly IReadOnlyList<ShardLayout> _layout;
    private readonly MomentumContrast _method;
    private readonly List<QueryPass> _passes = [];
    private ParameterSet? _loaded;

    public EncoderReplica(RunSpec spec, torch.Device device)
    {
        _device = device;
        _type = Blocks.ScalarOf(ModelFactory.MasterType(spec));
        _model = ModelFactory.Create(spec, device);
        _model.train();
        _layout = _model.Layout.Split(spec.Topology.ParameterShards);
        _method = MethodFactory.Create(spec);
    }

    /// <summary>Encodes the queries of each direction, and keeps the graphs. Returns the unit queries [b, D].</summary>
    public TensorBlock[] Forward(ParameterSet weights, ViewBatch[] views)
    {
        Drop();
        using var scope = torch.NewDisposeScope();
        if (!ReferenceEquals(_loaded, weights))
        {
            for (var shard = 0; shard < weights.Shards.Length; shard++)
                ModelExchange.LoadParameters(_model, _layout[shard], weights.Shards[shard].Span);
            _loaded = weights;
        }

        _model.zero_grad();
        foreach (var batch in views)
            _passes.Add(_method.Query(_model, Blocks.ToTensor(batch.Views, _type, _device), batch.SampleIds));
        return [.. _passes.Select(pass => Blocks.FromTensor(pass.Queries))];
    }

    /// <summary>What a strategy draws by: the lease, and the direction where there are two.</summary>
    public static long DrawStep(long lease, int direction, int directions) => (lease * directions) + direction;

    /// <summary>Contrasts with the local mirror of the queue, and takes the gradient. Null where it is not finite.</summary>
    public (LossValue Value, StepGradients? Gradients) Contrast(TensorBlock keys, QueueMirror mirror, ulong seed, long lease) =>
        Contrast(keys, (pass, positives, direction) => _method.Contrast(pass, positives, mirror, seed, DrawStep(lease, direction, _passes.Count)));

    /// <summary>Contrasts with what the shards computed for each direction, and takes the gradient. Null where it is not finite.</summary>
    public (LossValue Value, StepGradients? Gradients) Contrast(TensorBlock keys, IReadOnlyList<PartialSoftmax[]>[] answers) =>
        Contrast(keys, (pass, positives, direction) => _method.Contrast(pass, positives, answers[direction]));

    /// <summary>Lets the graphs of an unfinished step go.</summary>
    public void Drop()
    {
        foreach (var pass in _passes) pass.Dispose();
        _passes.Clear();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Drop();
        _model.Dispose();
    }

    private (LossValue Value, StepGradients? Gradients) Contrast(
        TensorBlock keys, Func<QueryPass, torch.Tensor, int, LossValue> contrast)
    {
        using var scope = torch.NewDisposeScope();
        var all = Blocks.ToTensor(keys, _type, _device);
        var batch = all.shape[0] / _passes.Count;
        var values = new LossValue[_passes.Count];
        for (var direction = 0; direction < values.Length; direction++)
        {
            // Keys lie in view order; each direction's positives are the other view's.
            var positives = all.narrow(0, (values.Length - 1 - direction) * batch, batch);
            values[direction] = contrast(_passes[direction], positives, direction);
        }

        Drop();
        var value = LossValue.Mean(values);
        if (!value.IsFinite || !ModelExchange.GradientsAreFinite(_model)) return (value, null);
        return (value, new(
            [.. _layout.Select(shard => (ReadOnlyMemory<byte>)ModelExchange.ReadGradients(_model, shard))],
            [.. _layout.Select(shard => (ReadOnlyMemory<byte>)ModelExchange.ReadBatchMoments(_model, shard))]));
    }
}
