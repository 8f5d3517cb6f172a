using Orleans;
using Orleans.Concurrency;
using OrleansContrastive.Contracts.Workers;

namespace OrleansContrastive.Contracts.Shards;

/// <summary>
/// What every shard answers to the run grain. A shard is deterministic: it applies what is staged in the order of
/// the versions, so two shards fed alike are alike.
/// </summary>
[Alias("oc.IShardGrain")]
public interface IShardGrain : ISiloGrain
{
    /// <summary>Makes the shard ready. A shard that is ready in this history already stays as it is. A bank takes its time.</summary>
    [ResponseTimeout("00:10:00"), Alias("Prepare")]
    Task<ShardReply> PrepareAsync(PrepareShard prepare);

    /// <summary>Applies the next versions; those that it has applied before are passed over.</summary>
    [Alias("Apply")]
    Task<ShardReply> ApplyAsync(ApplyOrders orders);

    /// <summary>Takes a new run grain's term, and answers where the shard stands.</summary>
    [Alias("Report")]
    Task<ShardReport> ReportAsync(long term);

    /// <summary>Writes the shard's part of a checkpoint.</summary>
    [ResponseTimeout("00:10:00"), Alias("Snapshot")]
    Task<SnapshotReply> SnapshotAsync(SnapshotShard snapshot);

    /// <summary>
    /// Makes the shard a follower: from now on it keeps stages, and fills itself from the primary in the background. Asked
    /// again, it answers <see cref="ShardStatus.NotReady"/> until it is full.
    /// </summary>
    [Alias("Follow")]
    Task<ShardReply> FollowAsync(FollowShard follow);

    /// <summary>Holds the shard's state at its present version, for a follower to copy.</summary>
    [Alias("Freeze")]
    Task<ShardImage> FreezeAsync(FreezeShard freeze);

    /// <summary>A part of the state held.</summary>
    [AlwaysInterleave, Alias("Copy")]
    Task<CopyReply> CopyAsync(CopyRequest request);
}
