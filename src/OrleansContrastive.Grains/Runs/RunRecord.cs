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
}
