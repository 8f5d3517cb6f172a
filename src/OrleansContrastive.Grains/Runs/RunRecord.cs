using Orleans;
using OrleansContrastive.Contracts.Runs;

namespace OrleansContrastive.Grains.Runs;

/// <summary>
/// What a run grain keeps beside its checkpoints: small, and enough to take over from a lost activation. Every write is
/// conditional, so of two activations the older one fails.
/// </summary>
[GenerateSerializer, Alias("oc.run-record")]
public sealed class RunRecord
{
    /// <summary>Raised by every activation.</summary>
    [Id(0)] public long Term { get; set; }

    /// <summary>Raised by every roll-back.</summary>
    [Id(1)] public long History { get; set; }

    /// <summary>What the run learns; null before it was started.</summary>
    [Id(2)] public RunSpec? Spec { get; set; }

    /// <summary>What the run does, of the lasting phases.</summary>
    [Id(3)] public RunPhase Phase { get; set; }

    /// <summary>Updates undone by roll-backs.</summary>
    [Id(4)] public long UpdatesRolledBack { get; set; }

    /// <summary>The members of all shards that hold the state; null before the shards were prepared, and after the run's end.</summary>
    [Id(5)] public RunMembers? Members { get; set; }

    /// <summary>How many workers the run shall have, where that was changed.</summary>
    [Id(6)] public ScaleRequest Scale { get; set; } = new();

    /// <summary>Silos lost so far.</summary>
    [Id(7)] public int SilosLost { get; set; }
}

/// <summary>Who keeps the state of a run. Written before it is acted upon.</summary>
[GenerateSerializer, Immutable, Alias("oc.run-members")]
public sealed record RunMembers
{
    /// <summary>Keys of the parameter shards' members, by shard, the primary first.</summary>
    [Id(0)] public required string[][] Parameters { get; init; }

    /// <summary>Keys of the store shards' members.</summary>
    [Id(1)] public required string[][] Negatives { get; init; }

    /// <summary>Number of the view in which the last of them became a member: older stages may lack there.</summary>
    [Id(2)] public required long StagedSince { get; init; }
}
