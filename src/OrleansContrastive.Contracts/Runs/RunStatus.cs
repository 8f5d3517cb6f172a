using Orleans;

namespace OrleansContrastive.Contracts.Runs;

/// <summary>What a run does.</summary>
public enum RunPhase
{
    /// <summary>Nothing was asked of it yet.</summary>
    Idle = 0,

    /// <summary>Waits for silos and prepares shards.</summary>
    Preparing = 1,

    /// <summary>Learns.</summary>
    Running = 2,

    /// <summary>All leases are applied.</summary>
    Completed = 3,

    /// <summary>Was asked to stop, and stands at its last checkpoint.</summary>
    Stopped = 4,

    /// <summary>Cannot go on; see <see cref="RunStatus.Problem"/>.</summary>
    Failed = 5,
}

/// <summary>Where a run stands.</summary>
[GenerateSerializer, Immutable, Alias("oc.run-status")]
public sealed record RunStatus
{
    /// <summary>The run's id.</summary>
    [Id(0)] public required string Run { get; init; }

    /// <summary>What it does.</summary>
    [Id(1)] public required RunPhase Phase { get; init; }

    /// <summary>What it learns; null before it was started.</summary>
    [Id(2)] public RunSpec? Spec { get; init; }

    /// <summary>Newest version in the commit order.</summary>
    [Id(3)] public long Version { get; init; }

    /// <summary>History; above 0 after a roll-back.</summary>
    [Id(4)] public long History { get; init; }

    /// <summary>Samples in committed versions, without skipped ones.</summary>
    [Id(5)] public long SamplesApplied { get; init; }

    /// <summary>Samples of leases that ended without an effect.</summary>
    [Id(6)] public long SamplesSkipped { get; init; }

    /// <summary>Leases done.</summary>
    [Id(7)] public long LeasesDone { get; init; }

    /// <summary>Mean loss of the recent versions.</summary>
    [Id(8)] public double Loss { get; init; }

    /// <summary>Loss of an encoder that knows nothing: ln(negatives + 1).</summary>
    [Id(9)] public double ChanceLevel { get; init; }

    /// <summary>Share of recent queries whose positive is nearer than every negative.</summary>
    [Id(10)] public double Accuracy { get; init; }

    /// <summary>Samples per second, over the last seconds.</summary>
    [Id(11)] public double ImagesPerSecond { get; init; }

    /// <summary>Mean gradient staleness of recent commits, in versions.</summary>
    [Id(12)] public double Staleness { get; init; }

    /// <summary>Mean age of the newest key weights used, in versions.</summary>
    [Id(13)] public double KeyLag { get; init; }

    /// <summary>Images that could not be read.</summary>
    [Id(14)] public long BrokenImages { get; init; }

    /// <summary>Updates undone by roll-backs.</summary>
    [Id(15)] public long UpdatesRolledBack { get; init; }

    /// <summary>Name of the newest checkpoint; null = none.</summary>
    [Id(16)] public string? Checkpoint { get; init; }

    /// <summary>Why the run cannot go on or what it waits for; null = nothing.</summary>
    [Id(17)] public string? Problem { get; init; }

    /// <summary>Losses of the versions since the last 512, oldest first, for tests and plots.</summary>
    [Id(18)] public double[] RecentLosses { get; init; } = [];

    /// <summary>Seconds since the first lease was granted.</summary>
    [Id(19)] public double Seconds { get; init; }

    /// <summary>Encoders that the run has at the moment.</summary>
    [Id(20)] public int Encoders { get; init; }

    /// <summary>Members of all shards that are complete, against those wanted.</summary>
    [Id(21)] public string Members { get; init; } = "";

    /// <summary>Times that the view was changed because a silo was lost.</summary>
    [Id(22)] public int SilosLost { get; init; }

    /// <summary>Leases that were granted again because their encoder was lost or forgot them.</summary>
    [Id(23)] public long LeasesRegranted { get; init; }

    /// <summary>What is stale and by how much, and what moved; null before the run was started.</summary>
    [Id(24)] public AsynchronyReport? Asynchrony { get; init; }

    /// <summary>How the embeddings lie, mean of recent looks; null where nothing was measured.</summary>
    [Id(25)] public HealthReport? Health { get; init; }

    /// <summary>The embeddings collapse: the sign and its usual causes; null = they do not.</summary>
    [Id(26)] public string? Alarm { get; init; }
}
