using Orleans;
using Orleans.Placement;
using OrleansContrastive.Contracts.Blocks;
using OrleansContrastive.Contracts.Leases;
using OrleansContrastive.Contracts.Runs;
using OrleansContrastive.Contracts.Shards;
using OrleansContrastive.Contracts.Workers;
using OrleansContrastive.Grains.Silos;
using OrleansContrastive.Learning.Devices;
using OrleansContrastive.Learning.Encoders;
using OrleansContrastive.Learning.Methods;
using TorchSharp;

namespace OrleansContrastive.Grains.Workers;

/// <inheritdoc cref="IMomentumEncoderGrain"/>
[KeepAlive, PreferLocalPlacement]
internal sealed class MomentumEncoderGrain(SiloIdentity silo, DeviceLanes lanes) : Grain, IMomentumEncoderGrain
{
    private readonly SemaphoreSlim _fetching = new(1);
    private ParameterReader _reader = null!;
    private DeviceExecutor _lane = null!;
    private ContrastiveModel? _model;
    private IReadOnlyList<ShardLayout> _layout = [];
    private MomentumContrast _method = null!;
    private ParameterSet? _loaded;

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        var place = silo.Host(this.GetPrimaryKeyString());
        _lane = lanes.Lanes[place.Index % lanes.Lanes.Count];
        _reader = new(GrainFactory, ParameterKind.Key, byWire: true);
        return Task.CompletedTask;
    }

    public async override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        if (_model is { } model) await _lane.RunAsync(model.Dispose, cancellationToken);
    }

    public Task WakeAsync() => Task.CompletedTask;

    public async Task<KeyReply> EncodeAsync(KeyRequest request)
    {
        var (weights, fetched) = await FetchAsync(request);
        if (weights is null) return new() { Status = ShardStatus.NotYet };

        var order = new ViewOrder(request.Lease, request.View.Spec);
        var augmentation = GrainFactory.GetGrain<IAugmentationGrain>(request.Augmentation);
        // A symmetric method encodes the query views as keys too.
        ViewBranch[] branches = request.View.Spec.Contrast.Symmetric ? [ViewBranch.Key, ViewBranch.Query] : [ViewBranch.Key];
        var batches = await Task.WhenAll(branches.Select(branch => augmentation.TakeAsync(order, branch)));
        var keys = await _lane.RunAsync(() => Encode(request, batches, weights));
        return new() { Status = ShardStatus.Ok, Version = weights.Version, Keys = keys, Traffic = new(batches.Sum(batch => (long)batch.Views.Data.Length), 0, 0, 0, fetched, 0) };
    }

    private async Task<(ParameterSet? Weights, long Bytes)> FetchAsync(KeyRequest request)
    {
        await _fetching.WaitAsync();
        try
        {
            var before = _reader.BytesFetched;
            return (await _reader.TryFetchAsync(request.View, request.Version), _reader.BytesFetched - before);
        }
        catch (StaleViewException)
        {
            return default;
        }
        finally
        {
            _fetching.Release();
        }
    }

    private TensorBlock Encode(KeyRequest request, ViewBatch[] batches, ParameterSet weights)
    {
        var spec = request.View.Spec;
        using var scope = torch.NewDisposeScope();
        if (_model is null) Create(spec);
        if (!ReferenceEquals(_loaded, weights))
        {
            for (var shard = 0; shard < weights.Shards.Length; shard++)
                ModelExchange.LoadParameters(_model!, _layout[shard], weights.Shards[shard].Span);
            _loaded = weights;
        }

        var type = Blocks.ScalarOf(ModelFactory.MasterType(spec));
        var lease = request.Lease.Ordinal(spec.LeasesPerEpoch);
        using var second = Keys(batches[0], direction: 0);
        if (batches.Length == 1) return Blocks.FromTensor(second);
        using var first = Keys(batches[1], direction: 1);
        return Blocks.FromTensor(torch.cat([first, second], 0));

        torch.Tensor Keys(ViewBatch batch, int direction) =>
            _method.EncodeKeys(_model!, Blocks.ToTensor(batch.Views, type, _lane.Device), spec.Seed, lease, direction);
    }

    private void Create(RunSpec spec)
    {
        _model = ModelFactory.Create(spec, _lane.Device);
        _model.train();
        _layout = _model.Layout.Split(spec.Topology.ParameterShards);
        _method = MethodFactory.Create(spec);
    }
}
