using Orleans;
using OrleansContrastive.Contracts.Blocks;
using OrleansContrastive.Contracts.Leases;
using OrleansContrastive.Contracts.Runs;

namespace OrleansContrastive.Contracts.Shards;

/// <summary>What a shard answers beside its data.</summary>
public enum ShardStatus
{
    /// <summary>Done.</summary>
    Ok = 0,

    /// <summary>The caller has the newest already.</summary>
    NotModified = 1,

    /// <summary>The wanted version is not applied yet; ask again.</summary>
    NotYet = 2,

    /// <summary>The shard holds no state: it was just activated and waits for the run to prepare it.</summary>
    NotReady = 3,

    /// <summary>The shard's history is not the caller's: fetch the view and everything anew.</summary>
    OtherHistory = 4,

    /// <summary>The command comes from a run grain that has been replaced.</summary>
    OlderTerm = 5,

    /// <summary>The lease has been committed already; the stage is dropped.</summary>
    Committed = 6,

    /// <summary>The wanted version is no longer held; ask for the newest.</summary>
    Gone = 7,

    /// <summary>An order before this one, or a stage that it names, is missing.</summary>
    Missing = 8,

    /// <summary>The store did not take what the shard wrote, or did not give what it asked for; the same may be tried again.</summary>
    StoreFailed = 9,

    /// <summary>The shard's file of the checkpoint is missing, or not what was written.</summary>
    Damaged = 10,
}

/// <summary>Makes a shard ready: from the spec's seed, or from a checkpoint.</summary>
[GenerateSerializer, Immutable, Alias("oc.prepare-shard")]
public sealed record PrepareShard
{
    /// <summary>Who commands.</summary>
    [Id(0)] public required Fence Fence { get; init; }

    /// <summary>The run.</summary>
    [Id(1)] public required string Run { get; init; }

    /// <summary>What the run learns.</summary>
    [Id(2)] public required RunSpec Spec { get; init; }

    /// <summary>Number of the shard, from 0.</summary>
    [Id(3)] public required int Shard { get; init; }

    /// <summary>Start from the checkpoint of <see cref="Version"/>; otherwise from the seed.</summary>
    [Id(4)] public bool Restore { get; init; }

    /// <summary>The version that the checkpoint was cut at; 0 at the start.</summary>
    [Id(5)] public long Version { get; init; }

    /// <summary>Leases that the checkpoint has applied beyond <see cref="ClosedBelow"/>.</summary>
    [Id(6)] public LeaseId[] Applied { get; init; } = [];

    /// <summary>Every lease below this ordinal is applied.</summary>
    [Id(7)] public long ClosedBelow { get; init; }
}

/// <summary>Tells a shard the next places of the commit order.</summary>
/// <param name="Fence">Who commands.</param>
/// <param name="Orders">Versions in ascending order, without a gap.</param>
/// <param name="KeptSince">Orders up to this version are in a checkpoint: the shard need not keep them.</param>
[GenerateSerializer, Immutable, Alias("oc.apply-orders")]
public sealed record ApplyOrders(
    [property: Id(0)] Fence Fence,
    [property: Id(1)] VersionOrder[] Orders,
    [property: Id(2)] long KeptSince);

/// <summary>Where a shard stands.</summary>
/// <param name="Status">What came of the command.</param>
/// <param name="Applied">Highest version applied.</param>
/// <param name="Problem">What the store did to the shard; null where it did nothing.</param>
[GenerateSerializer, Immutable, Alias("oc.shard-reply")]
public sealed record ShardReply([property: Id(0)] ShardStatus Status, [property: Id(1)] long Applied, [property: Id(2)] string? Problem = null);

/// <summary>What a new run grain asks every shard for, to find the commit order again.</summary>
[GenerateSerializer, Immutable, Alias("oc.shard-report")]
public sealed record ShardReport
{
    /// <summary><see cref="ShardStatus.Ok"/>, <see cref="ShardStatus.NotReady"/> or <see cref="ShardStatus.OlderTerm"/>.</summary>
    [Id(0)] public required ShardStatus Status { get; init; }

    /// <summary>History of the shard's state.</summary>
    [Id(1)] public long History { get; init; }

    /// <summary>Highest version applied.</summary>
    [Id(2)] public long Applied { get; init; }

    /// <summary>The orders applied since the last checkpoint.</summary>
    [Id(3)] public VersionOrder[] Orders { get; init; } = [];
}

/// <summary>Asks a shard to write its part of a checkpoint.</summary>
/// <param name="Fence">Who commands.</param>
/// <param name="Version">The cut, which the shard must stand at.</param>
/// <param name="Writer">Tells this writing apart from any other of the same version.</param>
[GenerateSerializer, Immutable, Alias("oc.snapshot-shard")]
public sealed record SnapshotShard([property: Id(0)] Fence Fence, [property: Id(1)] long Version, [property: Id(2)] string Writer);

/// <summary>
/// A file that a shard wrote into a checkpoint: its name there, its path, its length and its hash. Or why it could not.
/// </summary>
[GenerateSerializer, Immutable, Alias("oc.snapshot-reply")]
public sealed record SnapshotReply(
    [property: Id(0)] ShardStatus Status,
    [property: Id(1)] string File,
    [property: Id(2)] string Path,
    [property: Id(3)] long Bytes,
    [property: Id(4)] string Sha256,
    [property: Id(5)] string? Problem = null);

/// <summary>A gradient (or part of one) of an attempt, for one parameter shard.</summary>
[GenerateSerializer, Immutable, Alias("oc.stage-gradient")]
public sealed record StageGradient
{
    /// <summary>The attempt.</summary>
    [Id(0)] public required LeaseAttempt Attempt { get; init; }

    /// <summary>The history it was computed in.</summary>
    [Id(1)] public required long History { get; init; }

    /// <summary>First element of this part within the shard's flat parameters.</summary>
    [Id(2)] public required long Offset { get; init; }

    /// <summary>This part: the mean gradient over the lease's samples, flat [n].</summary>
    [Id(3)] public required TensorBlock Gradient { get; init; }

    /// <summary>Batch-norm moments of the lease, flat [m]; only for the shard that keeps them, with its last part.</summary>
    [Id(4)] public TensorBlock? Moments { get; init; }
}

/// <summary>New rows of an attempt, for one store shard.</summary>
[GenerateSerializer, Immutable, Alias("oc.stage-rows")]
public sealed record StageRows
{
    /// <summary>The attempt.</summary>
    [Id(0)] public required LeaseAttempt Attempt { get; init; }

    /// <summary>The history it was computed in.</summary>
    [Id(1)] public required long History { get; init; }

    /// <summary>Version of the key encoder that made the rows.</summary>
    [Id(2)] public required long KeyVersion { get; init; }

    /// <summary>Unit rows [n, D], in position order.</summary>
    [Id(3)] public required TensorBlock Rows { get; init; }

    /// <summary>The sample that each row shows, [n].</summary>
    [Id(4)] public required long[] SampleIds { get; init; }

    /// <summary>Place of the first row among all rows of the lease. Rows are dealt round the shards, one to each.</summary>
    [Id(5)] public required int FirstPosition { get; init; }

    /// <summary>ln Ẑ that the lease's noise suggests, the same for all shards; 0 where no noise was drawn.</summary>
    [Id(6)] public double LogPartition { get; init; }
}

/// <summary>Which of the parameters are wanted.</summary>
public enum ParameterKind
{
    /// <summary>θ_q, the weights that the optimizer steps.</summary>
    Query = 0,

    /// <summary>θ_k, their exponential moving average.</summary>
    Key = 1,

    /// <summary>Running mean and variance of the query network's batch norms.</summary>
    Moments = 2,
}

/// <summary>Asks for one part of a shard's parameters.</summary>
[GenerateSerializer, Immutable, Alias("oc.pull-request")]
public sealed record PullRequest
{
    /// <summary>θ_q, θ_k or the moments.</summary>
    [Id(0)] public required ParameterKind Kind { get; init; }

    /// <summary>The history that the caller works in.</summary>
    [Id(1)] public required long History { get; init; }

    /// <summary>The version that the caller holds; -1 = none. Equal to the shard's newest: "not modified".</summary>
    [Id(2)] public long Known { get; init; } = -1;

    /// <summary>The version wanted; -1 = the newest.</summary>
    [Id(3)] public long Exact { get; init; } = -1;

    /// <summary>First element of the part wanted.</summary>
    [Id(4)] public long Offset { get; init; }

    /// <summary>Wants θ in bfloat16 where the shard holds float32.</summary>
    [Id(5)] public bool Compact { get; init; }
}

/// <summary>One part of a shard's parameters.</summary>
[GenerateSerializer, Immutable, Alias("oc.pull-reply")]
public sealed record PullReply
{
    /// <summary>Whether there is data.</summary>
    [Id(0)] public required ShardStatus Status { get; init; }

    /// <summary>The version of the data.</summary>
    [Id(1)] public long Version { get; init; }

    /// <summary>Elements of the whole shard.</summary>
    [Id(2)] public long Total { get; init; }

    /// <summary>Flat elements [n] from the wanted offset on, at most the run's largest block.</summary>
    [Id(3)] public TensorBlock? Part { get; init; }
}

/// <summary>Asks a store shard for the rows that a mirror does not have yet.</summary>
/// <param name="History">The history that the caller works in.</param>
/// <param name="Sequence">First sequence number wanted.</param>
/// <param name="Version">Rows up to this version must be in; -1 = whatever there is.</param>
[GenerateSerializer, Immutable, Alias("oc.rows-request")]
public sealed record RowsRequest([property: Id(0)] long History, [property: Id(1)] long Sequence, [property: Id(2)] long Version);

/// <summary>Rows of a store shard, oldest first.</summary>
[GenerateSerializer, Immutable, Alias("oc.rows-reply")]
public sealed record RowsReply
{
    /// <summary>Whether there is data.</summary>
    [Id(0)] public required ShardStatus Status { get; init; }

    /// <summary>Version that the shard stood at.</summary>
    [Id(1)] public long Version { get; init; }

    /// <summary>Sequence number of the first row. Higher than the wanted one where rows are gone already.</summary>
    [Id(2)] public long Sequence { get; init; }

    /// <summary>Where the shard's sequence ended; beyond the last row here if the reply was cut.</summary>
    [Id(3)] public long End { get; init; }

    /// <summary>Unit rows [n, D].</summary>
    [Id(4)] public TensorBlock? Rows { get; init; }

    /// <summary>Sample of each row, [n]; -1 = a random row.</summary>
    [Id(5)] public long[] SampleIds { get; init; } = [];

    /// <summary>Key-encoder version of each row, [n].</summary>
    [Id(6)] public long[] KeyVersions { get; init; } = [];

    /// <summary>Version that made each row visible, [n].</summary>
    [Id(7)] public long[] CommitVersions { get; init; } = [];

    /// <summary>Place of each row among all rows of its version, [n].</summary>
    [Id(8)] public int[] Ordinals { get; init; } = [];
}

/// <summary>Sends queries to a store shard, to be contrasted with its rows.</summary>
[GenerateSerializer, Immutable, Alias("oc.contrast-request")]
public sealed record ContrastRequest
{
    /// <summary>The history that the caller works in.</summary>
    [Id(0)] public required long History { get; init; }

    /// <summary>Rows up to this version must be in; -1 = whatever there is.</summary>
    [Id(1)] public required long Version { get; init; }

    /// <summary>Unit queries [B, D].</summary>
    [Id(2)] public required TensorBlock Queries { get; init; }

    /// <summary>Sample of each query, [B]; rows of the same sample are masked. Empty = no mask.</summary>
    [Id(3)] public required long[] SampleIds { get; init; }

    /// <summary>Temperature T.</summary>
    [Id(4)] public required double Temperature { get; init; }

    /// <summary>Tells the draws of one lease and direction from those of another.</summary>
    [Id(5)] public long Step { get; init; }

    /// <summary>ln Z to take, so that all shards take the same; null = the shard's own, which in lockstep is every shard's.</summary>
    [Id(6)] public double? LogPartition { get; init; }

    /// <summary>Rows of a query's own sample count, though its sample is given: noise is drawn by it.</summary>
    [Id(7)] public bool KeepsOwn { get; init; }

    /// <summary>Epochs behind the lease, with the fraction of the one it is in: strategies that begin late go by it.</summary>
    [Id(8)] public double Epoch { get; init; }
}

/// <summary>A shard's part of the softmax of every query.</summary>
[GenerateSerializer, Immutable, Alias("oc.contrast-reply")]
public sealed record ContrastReply
{
    /// <summary>Whether there is data.</summary>
    [Id(0)] public required ShardStatus Status { get; init; }

    /// <summary>Version that the shard stood at.</summary>
    [Id(1)] public long Version { get; init; }

    /// <summary>
    /// [parts, B, D + 3]: count, maximum, sum of exponentials, exponential-weighted sum of the rows; as many parts as the
    /// run's strategy has.
    /// </summary>
    [Id(2)] public TensorBlock? Parts { get; init; }

    /// <summary>Key-encoder versions of some of the rows, the oldest among them.</summary>
    [Id(3)] public long[] RowVersions { get; init; } = [];

    /// <summary>ln Z of the shard at this version.</summary>
    [Id(4)] public double LogPartition { get; init; }
}

/// <summary>Asks a bank's shard for the rows of samples that it has.</summary>
/// <param name="History">The history that the caller works in.</param>
/// <param name="Version">Rows up to this version must be in; -1 = whatever there is.</param>
/// <param name="SampleIds">The samples.</param>
[GenerateSerializer, Immutable, Alias("oc.own-rows-request")]
public sealed record OwnRowsRequest([property: Id(0)] long History, [property: Id(1)] long Version, [property: Id(2)] long[] SampleIds);

/// <summary>Rows of samples.</summary>
[GenerateSerializer, Immutable, Alias("oc.own-rows-reply")]
public sealed record OwnRowsReply
{
    /// <summary>Whether there is data.</summary>
    [Id(0)] public required ShardStatus Status { get; init; }

    /// <summary>Unit rows [n, D], in the order asked for.</summary>
    [Id(1)] public TensorBlock? Rows { get; init; }
}
