using Orleans;
using OrleansContrastive.Checkpoints.Manifests;
using OrleansContrastive.Contracts.Leases;
using OrleansContrastive.Contracts.Runs;
using OrleansContrastive.Contracts.Shards;
using OrleansContrastive.Contracts.Workers;

namespace OrleansContrastive.Grains.Runs;

/// <summary>Commands the shards of a view as one. One caller at a time.</summary>
internal sealed class ShardFleet(IGrainFactory grains, string run, RunView view)
{
    // Many versions may be behind after a pause; a message carries a bounded number of them.
    private const int OrdersPerCall = 64;

    private readonly IShardGrain[] _shards =
    [
        .. view.ParameterShards.Select(key => (IShardGrain)grains.GetGrain<IParameterServerGrain>(key)),
        .. view.NegativeShards.Select(key => (IShardGrain)grains.GetGrain<INegativeStoreGrain>(key)),
    ];

    private readonly long[] _applied = new long[view.ParameterShards.Length + view.NegativeShards.Length];

    /// <summary>The version that every shard has applied.</summary>
    public long Applied => _applied.Min();

    /// <summary>Asks every shard where it stands, under a new term.</summary>
    public Task<ShardReport[]> ReportAsync(long term) => Task.WhenAll(_shards.Select(shard => shard.ReportAsync(term)));

    /// <summary>Has every shard load a cut; those that are ready in this history keep what they have.</summary>
    public async Task<ShardStatus> PrepareAsync(Fence fence, RunSpec spec, LedgerCursor cut, bool restore)
    {
        LeaseId[] applied = [.. cut.AppliedAbove.Select(ordinal => LeaseId.At(ordinal, spec.LeasesPerEpoch))];
        var replies = await Task.WhenAll(_shards.Select((shard, index) => shard.PrepareAsync(new()
        {
            Fence = fence,
            Run = run,
            Spec = spec,
            Shard = NumberOf(index),
            Restore = restore,
            Version = cut.Version,
            Applied = applied,
            ClosedBelow = cut.ClosedBelow,
        })));
        return Take(replies);
    }

    /// <summary>Sends every shard the orders that it lacks.</summary>
    public async Task<ShardStatus> ApplyAsync(RunLedger ledger)
    {
        var replies = await Task.WhenAll(_shards.Select((shard, index) => _applied[index] >= ledger.Version
            ? Task.FromResult(new ShardReply(ShardStatus.Ok, _applied[index]))
            : shard.ApplyAsync(new(ledger.Fence, ledger.OrdersAfter(_applied[index], OrdersPerCall), ledger.KeptSince))));
        return Take(replies);
    }

    /// <summary>Has every shard write its file of a checkpoint. Null if one could not.</summary>
    public async Task<IReadOnlyList<ManifestFile>?> SnapshotAsync(Fence fence, long version, string writer)
    {
        var replies = await Task.WhenAll(_shards.Select(shard => shard.SnapshotAsync(new(fence, version, writer))));
        return replies.All(reply => reply.Status == ShardStatus.Ok)
            ? [.. replies.Select(reply => new ManifestFile(reply.File, reply.Path, reply.Bytes, reply.Sha256))]
            : null;
    }

    private int NumberOf(int index) => index < view.ParameterShards.Length ? index : index - view.ParameterShards.Length;

    private ShardStatus Take(ShardReply[] replies)
    {
        for (var index = 0; index < replies.Length; index++) _applied[index] = replies[index].Applied;
        return replies.Select(reply => reply.Status).FirstOrDefault(status => status != ShardStatus.Ok);
    }
}
