using OrleansContrastive.Contracts.Blocks;
using OrleansContrastive.Contracts.Runs;
using OrleansContrastive.Contracts.Workers;
using OrleansContrastive.Grains.Runs;
using OrleansContrastive.Grains.Silos;
using OrleansContrastive.Learning.Encoders;
using OrleansContrastive.Learning.Losses;
using OrleansContrastive.Learning.Methods.Frame;
using OrleansContrastive.Learning.Negatives;
using TorchSharp;

namespace OrleansContrastive.Grains.Workers;

/// <summary>The gradient of a step, flat per parameter shard, and its batch-norm moments.</summary>
/// <param name="Shards">Little-endian elements for each shard.</param>
/// <param name="Moments">Moments for each shard; empty where a shard keeps none.</param>
/// <param name="Type">Element type of the gradient; null = the run's master type.</param>
internal sealed record StepGradients(ReadOnlyMemory<byte>[] Shards, ReadOnlyMemory<byte>[] Moments, ElementType? Type = null);

/// <summary>What a step computed.</summary>
/// <param name="Value">Loss and meters.</param>
/// <param name="Gradients">The gradient; null where it is not finite.</param>
/// <param name="Rows">Rows for the memory; null where the method keeps none.</param>
/// <param name="RowSamples">Sample of each row.</param>
/// <param name="Health">How the embeddings lie; null where it was not measured.</param>
internal sealed record StepOutcome(LossValue Value, StepGradients? Gradients, TensorBlock? Rows, long[] RowSamples, HealthReport? Health);

/// <summary>What the loss of a step compares with, as it came over the wire.</summary>
internal sealed record StepTargets
{
    /// <summary>Keys of all key views, view by view.</summary>
    public TensorBlock? Keys { get; init; }

    /// <summary>The bank's rows of the batch's own samples.</summary>
    public TensorBlock? OwnRows { get; init; }

    /// <summary>The local copy of the queue.</summary>
    public QueueMirror? Mirror { get; init; }

    /// <summary>For each query, what every shard answered; null = the mirror is contrasted with.</summary>
    public IReadOnlyList<PartialSoftmax[]>[]? Answers { get; init; }
}

/// <summary>
/// The query network on one lane. A step is two jobs of the lane, between which keys and negatives are fetched: the forward
/// pass, whose graph stays, and the loss with the backward pass. On the lane's thread only.
/// </summary>
internal sealed class EncoderReplica : IDisposable
{
    private readonly RunSpec _spec;
    private readonly torch.Device _device;
    private readonly torch.ScalarType _type;
    private readonly ContrastiveModel _model;
    private readonly IReadOnlyList<ShardLayout> _layout;
    private readonly IContrastiveMethod _method;
    private EncodedBatch? _encoded;
    private ParameterSet? _loaded;

    public EncoderReplica(RunSpec spec, torch.Device device)
    {
        _spec = spec;
        _device = device;
        _type = Blocks.ScalarOf(ModelFactory.MasterType(spec));
        _model = ModelFactory.Create(spec, device);
        _model.train();
        _layout = _model.Layout.Split(spec.Topology.ParameterShards);
        _method = MethodFactory.Create(spec);
    }

    /// <summary>What a strategy draws by: the lease, and the query where there are several.</summary>
    public static long DrawStep(long lease, int query, int queries) => MethodStep.DrawStep(lease, query, queries);

    /// <summary>Epochs behind a lease, with the fraction of the one it is in.</summary>
    public static double EpochOf(RunSpec spec, long lease) => (double)lease / spec.LeasesPerEpoch;

    /// <summary>Encodes the views of a lease, and keeps the graph.</summary>
    /// <param name="weights">θ_q.</param>
    /// <param name="moments">The running statistics of the same version, where the method needs them.</param>
    /// <param name="views">The method's query views.</param>
    /// <param name="lease">The lease.</param>
    /// <returns>The unit queries that are contrasted with the memory, [b, D] each.</returns>
    public TensorBlock[] Forward(ParameterSet weights, ParameterSet? moments, ViewBatch[] views, long lease)
    {
        Drop();
        using var scope = torch.NewDisposeScope();
        if (!ReferenceEquals(_loaded, weights))
        {
            for (var shard = 0; shard < weights.Shards.Length; shard++)
                ModelExchange.LoadParameters(_model, _layout[shard], weights.Shards[shard].Span);
            _loaded = weights;
        }

        for (var shard = 0; shard < (moments?.Shards.Length ?? 0); shard++)
            ModelExchange.LoadMoments(_model, _layout[shard], moments!.Shards[shard].Span);
        _model.zero_grad();
        _encoded = MethodStep.Encode(_method, new()
        {
            Network = _model,
            Views = [.. views.Select(batch => Blocks.ToTensor(batch.Views, _type, _device))],
            SampleIds = views[0].SampleIds,
            Labels = views[0].Labels,
            Position = new(_spec.Seed, lease, EpochOf(_spec, lease)),
        });
        return [.. _encoded.Queries.Select(Blocks.FromTensor)];
    }

    /// <summary>Takes the loss and the gradient.</summary>
    public StepOutcome Finish(StepTargets targets)
    {
        using var scope = torch.NewDisposeScope();
        var (encoded, plan) = (_encoded!, _method.Plan);
        var answers = targets.Answers
            ?? (plan.Contrast is { } contrast && targets.Mirror is { } mirror ? MethodStep.Answer(contrast, encoded, mirror) : []);
        using var result = MethodStep.Finish(
            _method,
            encoded,
            new() { Keys = Keys(targets.Keys, plan.KeyViews.Count), OwnRows = Tensor(targets.OwnRows), Memory = targets.Mirror },
            answers);
        Drop();
        if (!result.Loss.IsFinite || !ModelExchange.GradientsAreFinite(_model)) return new(result.Loss, null, null, [], null);
        return new(
            result.Loss,
            new(
                [.. _layout.Select(shard => (ReadOnlyMemory<byte>)ModelExchange.ReadGradients(_model, shard))],
                [.. _layout.Select(shard => (ReadOnlyMemory<byte>)ModelExchange.ReadBatchMoments(_model, shard))]),
            result.Rows is { } rows ? Blocks.FromTensor(rows) : null,
            result.SampleIds,
            RunHealth.Of(result.Health));
    }

    /// <summary>Lets the graph of an unfinished step go.</summary>
    public void Drop()
    {
        _encoded?.Dispose();
        _encoded = null;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Drop();
        _model.Dispose();
        (_method as IDisposable)?.Dispose();
    }

    private torch.Tensor? Tensor(TensorBlock? block) => block is null ? null : Blocks.ToTensor(block, _type, _device);

    private torch.Tensor[] Keys(TensorBlock? block, int views)
    {
        if (Tensor(block) is not { } all) return [];
        var batch = all.shape[0] / views;
        return [.. Enumerable.Range(0, views).Select(view => all.narrow(0, view * batch, batch))];
    }
}
