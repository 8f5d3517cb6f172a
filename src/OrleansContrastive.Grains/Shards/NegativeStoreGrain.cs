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
using TorchSharp;

namespace OrleansContrastive.Grains.Shards;

/// <inheritdoc cref="INegativeStoreGrain"/>
[KeepAlive, PreferLocalPlacement]
internal sealed class NegativeStoreGrain(
    SiloIdentity silo, DeviceLanes lanes, CheckpointShelf checkpoints, TimeProvider time, ILogger<NegativeStoreGrain> logger)
    : Grain, INegativeStoreGrain
{
    // 256 MiB at the widest: a part of a checkpoint stays far below what one array may hold.
    private const int RowsPerPart = 1 << 16;

    private readonly ShardLedger<RowStage> _ledger = new();
    private readonly ImageShelf _images = new();
    private KeyQueue _queue = null!;
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
        if (status != ShardStatus.Ok || !load) return new(status, _ledger.Applied);

        var spec = prepare.Spec;
        var queue = Empty(spec, prepare.Shard);
        if (prepare.Restore)
        {
            var content = await checkpoints.ReadAsync(prepare.Run, prepare.Version, QueueFiles.Name(prepare.Shard, spec));
            queue.Restore(QueueFiles.Restore(content, spec.Model.EmbeddingWidth, queue.ElementType));
        }
        else if (spec.Contrast.StartWithRandomRows)
        {
            queue.FillWithUnitRows(spec.Seed, prepare.Shard, spec.Topology.NegativeShards);
        }

        Open(prepare.Run, spec, prepare.Shard, queue);
        _ledger.Loaded(prepare);
        return new(ShardStatus.Ok, _ledger.Applied);
    }

    public Task<ShardReply> FollowAsync(FollowShard follow)
    {
        var status = _ledger.Follow(follow, out var fill);
        if (!fill) return Task.FromResult(new ShardReply(status, _ledger.Applied));

        var queue = Empty(follow.Spec, follow.Shard);
        Open(follow.Run, follow.Spec, follow.Shard, queue);
        // It reports its own failures.
        _ = ShardFilling.RunAsync(_ledger, follow, GrainFactory.GetGrain<INegativeStoreGrain>(follow.Primary), time, logger, (_, content) =>
            queue.Restore(QueueFiles.Restore(content, follow.Spec.Model.EmbeddingWidth, queue.ElementType)));
        return Task.FromResult(new ShardReply(status, _ledger.Applied));
    }

    public async Task<ShardImage> FreezeAsync(FreezeShard freeze)
    {
        var status = ShardFilling.MayFreeze(_ledger, freeze);
        if (status != ShardStatus.Ok) return new() { Status = status };
        var rows = await lanes.Shards.RunAsync(() => _queue.Snapshot(RowsPerPart));
        return _images.Hold(_ledger.Image(), QueueFiles.Tensors(rows), QueueFiles.Metadata(rows));
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
            await lanes.Shards.RunAsync(() => Append(order.Version, leases, samples));
            _ledger.Done(order);
        }

        return new(status, _ledger.Applied);
    }

    public async Task<RowsReply> ReadAsync(RowsRequest request)
    {
        if (Refuses(request.History, request.Version) is { } status) return new() { Status = status, Version = _ledger.Applied };
        var version = _ledger.Applied;
        var most = Math.Max(1, _spec.MaxBlockBytes / _queue.RowBytes);
        var queue = _queue;
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
        var (version, queue) = (_ledger.Applied, _queue);
        var part = await lanes.Shards.RunAsync(() =>
        {
            using var scope = torch.NewDisposeScope();
            return ShardContrast.Compute(Blocks.ToTensor(request.Queries, queue.ElementType, torch.CPU), request.SampleIds, queue, request.Temperature);
        });
        return new()
        {
            Status = ShardStatus.Ok,
            Version = version,
            Parts = new(_type, [part.Queries, part.Width + 3], part.ToBytes(queue.ElementType)),
        };
    }

    public async Task<SnapshotReply> SnapshotAsync(SnapshotShard snapshot)
    {
        var status = _ledger.Check(snapshot.Fence);
        if (status == ShardStatus.Ok && _ledger.Applied != snapshot.Version) status = ShardStatus.Missing;
        if (status != ShardStatus.Ok) return new(status, "", "", 0, "");
        var rows = await lanes.Shards.RunAsync(() => _queue.Snapshot(RowsPerPart));
        return await checkpoints.WriteAsync(_run, snapshot, QueueFiles.Name(_shard, _spec), QueueFiles.Tensors(rows), QueueFiles.Metadata(rows));
    }

    private static KeyQueue Empty(RunSpec spec, int shard) => new(
        Capacity(spec, shard),
        spec.Model.EmbeddingWidth,
        ModelFactory.MasterType(spec) == ElementType.Float64 ? torch.ScalarType.Float64 : torch.ScalarType.Float32);

    private void Open(string run, RunSpec spec, int shard, KeyQueue queue) =>
        (_queue, _spec, _run, _shard, _type) = (queue, spec, run, shard, ModelFactory.MasterType(spec));

    // The shards' rings together hold the K newest rows, also where K is no multiple of their number.
    private static int Capacity(RunSpec spec, int shard)
    {
        var shards = spec.Topology.NegativeShards;
        return (spec.Contrast.QueueLength / shards) + (shard < spec.Contrast.QueueLength % shards ? 1 : 0);
    }

    private ShardStatus? Refuses(long history, long version)
    {
        var status = _ledger.Check(history);
        return status != ShardStatus.Ok ? status : version > _ledger.Applied ? ShardStatus.NotYet : null;
    }

    private void Append(long version, StageRows[] leases, int[] samples)
    {
        var before = 0;
        foreach (var (lease, count) in leases.Zip(samples))
        {
            _queue.Append(
                lease.Rows.Data.Span,
                lease.SampleIds,
                new(lease.KeyVersion, version, before + lease.FirstPosition, _spec.Topology.NegativeShards));
            before += count * (_spec.Contrast.Symmetric ? 2 : 1);
        }
    }
}
