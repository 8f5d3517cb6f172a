using Microsoft.Extensions.Logging;
using Orleans;
using Orleans.Placement;
using OrleansContrastive.Contracts.Blocks;
using OrleansContrastive.Contracts.Leases;
using OrleansContrastive.Contracts.Runs;
using OrleansContrastive.Contracts.Shards;
using OrleansContrastive.Grains.Silos;
using OrleansContrastive.Grains.Workers;
using OrleansContrastive.Learning.Negatives;
using OrleansContrastive.Learning.Negatives.Sampling;
using TorchSharp;

namespace OrleansContrastive.Grains.Shards;

/// <inheritdoc cref="INegativeStoreGrain"/>
[KeepAlive, PreferLocalPlacement]
internal sealed class NegativeStoreGrain(
    SiloIdentity silo, DeviceLanes lanes, CheckpointShelf checkpoints, TimeProvider time, ILogger<NegativeStoreGrain> logger)
    : Grain, INegativeStoreGrain
{
    // Multiplications of one job: well below a second, so that writes and other readers get their turns.
    private const double WorkPerJob = 4e9;

    private readonly ShardLedger<RowStage> _ledger = new();
    private readonly ImageShelf _images = new();
    private IStoreShard _store = null!;
    private RunSpec _spec = null!;
    private string _run = "";
    private int _shard;
    private ElementType _type;

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        silo.Host(this.GetPrimaryKeyString());
        return Task.CompletedTask;
    }

    public Task WakeAsync() => Task.CompletedTask;

    public Task<ShardReport> ReportAsync(long term) => Task.FromResult(_ledger.Report(term));

    public async Task<ShardReply> PrepareAsync(PrepareShard prepare)
    {
        var status = _ledger.Prepare(prepare, out var load);
        return status != ShardStatus.Ok || !load ? new(status, _ledger.Applied) : await CheckpointShelf.LoadAsync(() => LoadAsync(prepare));
    }

    private async Task<ShardReply> LoadAsync(PrepareShard prepare)
    {
        var spec = prepare.Spec;
        // A bank of many rows takes a while to fill.
        var store = await lanes.Shards.RunAsync(() => IStoreShard.Create(spec, prepare.Shard, fill: !prepare.Restore));
        if (prepare.Restore) store.Restore(await checkpoints.ReadAsync(prepare.Run, prepare.Version, IStoreShard.FileName(prepare.Shard, spec)));
        Open(prepare.Run, spec, prepare.Shard);
        _store = store;
        _ledger.Loaded(prepare);
        return new(ShardStatus.Ok, _ledger.Applied);
    }

    public async Task<ShardReply> FollowAsync(FollowShard follow)
    {
        var status = _ledger.Follow(follow, out var fill);
        if (!fill) return new(status, _ledger.Applied);

        // Stages may come while the rows are laid out; readers are refused until they are copied.
        Open(follow.Run, follow.Spec, follow.Shard);
        var store = await lanes.Shards.RunAsync(() => IStoreShard.Create(follow.Spec, follow.Shard, fill: false));
        _store = store;
        // It reports its own failures.
        _ = ShardFilling.RunAsync(_ledger, follow, GrainFactory.GetGrain<INegativeStoreGrain>(follow.Primary), time, logger, (_, content) => store.Restore(content));
        return new(status, _ledger.Applied);
    }

    public async Task<ShardImage> FreezeAsync(FreezeShard freeze)
    {
        var status = ShardFilling.MayFreeze(_ledger, freeze);
        if (status != ShardStatus.Ok) return new() { Status = status };
        var (tensors, metadata) = await lanes.Shards.RunAsync(() => _store.Save(lasting: true));
        return _images.Hold(_ledger.Image(), tensors, metadata);
    }

    public Task<CopyReply> CopyAsync(CopyRequest request) => Task.FromResult(_images.Copy(request, _spec.MaxBlockBytes));

    public Task<ShardReply> StageAsync(StageRows rows)
    {
        var status = _ledger.Stage(rows.Attempt, rows.History, () => new(), out var stage);
        if (stage is not null)
        {
            rows.Rows.Expect($"Rows of {rows.Attempt}", _type, rows.SampleIds.Length, _spec.Model.EmbeddingWidth);
            stage.Rows = rows;
        }

        return Task.FromResult(new ShardReply(status, _ledger.Applied));
    }

    public async Task<ShardReply> ApplyAsync(ApplyOrders orders)
    {
        var status = _ledger.Accept(orders, stage => stage.Rows is not null, out var next);
        foreach (var order in next)
        {
            StageRows[] leases = [.. order.Leases.Where(lease => !lease.Skipped).Select(lease => _ledger.StageOf(lease.Attempt).Rows!)];
            int[] samples = [.. order.Leases.Where(lease => !lease.Skipped).Select(lease => lease.Samples)];
            await lanes.Shards.RunAsync(() => _store.Apply(order.Version, leases, samples));
            _ledger.Done(order);
        }

        return new(status, _ledger.Applied);
    }

    public async Task<RowsReply> ReadAsync(RowsRequest request)
    {
        if (Refuses(request.History, request.Version) is { } status) return new() { Status = status, Version = _ledger.Applied };
        if (_store is not QueueShard { Queue: var queue }) throw new InvalidOperationException("A bank has no mirror; contrast at the shards.");
        var version = _ledger.Applied;
        var most = Math.Max(1, _spec.MaxBlockBytes / queue.RowBytes);
        // On the executor, where appends happen too: the ring is its alone.
        var (rows, end) = await lanes.Shards.RunAsync(() => (queue.ReadSince(Math.Min(request.Sequence, queue.Sequence), most), queue.Sequence));
        return new()
        {
            Status = rows.Count == 0 ? ShardStatus.NotModified : ShardStatus.Ok,
            Version = version,
            Sequence = rows.FirstSequence,
            End = end,
            Rows = new(_type, [rows.Count, rows.Width], rows.Vectors),
            SampleIds = rows.SampleIds,
            KeyVersions = rows.KeyVersions,
            CommitVersions = rows.CommitVersions,
            Ordinals = rows.Ordinals,
        };
    }

    public async Task<ContrastReply> ContrastAsync(ContrastRequest request)
    {
        if (Refuses(request.History, request.Version) is { } status) return new() { Status = status, Version = _ledger.Applied };
        request.Queries.Expect("Queries", _type, -1, _spec.Model.EmbeddingWidth);
        var (version, store) = (_ledger.Applied, _store);
        var pass = await lanes.Shards.RunAsync(() => Begin(request, store));
        try
        {
            var (batch, width) = (request.Queries.Shape[0], _spec.Model.EmbeddingWidth);
            var most = (int)Math.Clamp(WorkPerJob / (2.0 * batch * width), 1024, int.MaxValue);
            foreach (var (first, count) in pass.Ranges(most)) await lanes.Shards.RunAsync(() => pass.Add(first, count));
            var looks = Math.Max(1, RowAges.Looks / _spec.Topology.NegativeShards);
            var (parts, versions) = await lanes.Shards.RunAsync(() => (pass.Finish(), store.Versions(looks)));
            return new()
            {
                Status = ShardStatus.Ok,
                Version = version,
                Parts = new(_type, [parts.Length, batch, width + 3], Bytes(parts)),
                RowVersions = versions,
                LogPartition = store.LogPartition,
            };
        }
        finally
        {
            await lanes.Shards.RunAsync(pass.Dispose);
        }
    }

    public async Task<OwnRowsReply> OwnRowsAsync(OwnRowsRequest request)
    {
        if (Refuses(request.History, request.Version) is { } status) return new() { Status = status };
        if (_store.Rows is not IRowsBySample bank) throw new InvalidOperationException("A queue has no rows by sample; store=bank has.");
        var values = new double[request.SampleIds.Length * bank.Width];
        await lanes.Shards.RunAsync(() =>
        {
            for (var i = 0; i < request.SampleIds.Length; i++)
            {
                var row = bank.RowOf(request.SampleIds[i]);
                if (row < 0) throw new ArgumentException($"Sample {request.SampleIds[i]} is not in shard {_shard} of {_spec.Topology.NegativeShards}.");
                bank.Read(row, values.AsSpan(i * bank.Width, bank.Width));
            }
        });
        return new() { Status = ShardStatus.Ok, Rows = Blocks.FromDoubles(values, [request.SampleIds.Length, bank.Width], _type) };
    }

    public async Task<SnapshotReply> SnapshotAsync(SnapshotShard snapshot)
    {
        var status = _ledger.Check(snapshot.Fence);
        if (status == ShardStatus.Ok && _ledger.Applied != snapshot.Version) status = ShardStatus.Missing;
        if (status != ShardStatus.Ok) return new(status, "", "", 0, "");
        // Nothing is applied before the checkpoint is complete.
        var (tensors, metadata) = await lanes.Shards.RunAsync(() => _store.Save(lasting: false));
        return await checkpoints.WriteAsync(_run, snapshot, IStoreShard.FileName(_shard, _spec), tensors, metadata);
    }

    private void Open(string run, RunSpec spec, int shard) =>
        (_spec, _run, _shard, _type) = (spec, run, shard, ModelFactory.MasterType(spec));

    private IContrastPass Begin(ContrastRequest request, IStoreShard store)
    {
        using var scope = torch.NewDisposeScope();
        var sampling = SamplingFactory.Create(_spec.Contrast.Sampling, request.LogPartition ?? store.LogPartition);
        return sampling.Begin(Blocks.ToTensor(request.Queries, Blocks.ScalarOf(_type), torch.CPU), new()
        {
            Temperature = request.Temperature,
            SampleIds = request.SampleIds,
            KeepsOwn = request.KeepsOwn,
            Seed = _spec.Seed,
            Step = request.Step,
            Epoch = request.Epoch,
            Shard = _shard,
            Shards = _spec.Topology.NegativeShards,
        }, store.Rows);
    }

    private byte[] Bytes(PartialSoftmax[] parts) => [.. parts.SelectMany(part => part.ToBytes(Blocks.ScalarOf(_type)))];

    private ShardStatus? Refuses(long history, long version)
    {
        var status = _ledger.Check(history);
        return status != ShardStatus.Ok ? status : version > _ledger.Applied ? ShardStatus.NotYet : null;
    }
}
