using Orleans;
using OrleansContrastive.Contracts.Leases;

namespace OrleansContrastive.Contracts.Workers;

/// <summary>What a silo offers to a run; several may be combined.</summary>
[Flags]
public enum WorkerRoles
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Makes views.</summary>
    Augmentation = 1,

    /// <summary>Trains the query encoder; needs a lane.</summary>
    Encoder = 2,

    /// <summary>Encodes keys; needs a lane.</summary>
    Key = 4,

    /// <summary>Keeps queue or bank rows.</summary>
    Negatives = 8,

    /// <summary>Keeps parameters.</summary>
    Parameters = 16,

    /// <summary>May own runs.</summary>
    Run = 32,

    /// <summary>Everything.</summary>
    All = Augmentation | Encoder | Key | Negatives | Parameters | Run,
}

/// <summary>A silo's heartbeat to a run.</summary>
[GenerateSerializer, Immutable, Alias("oc.worker-report")]
public sealed record WorkerReport
{
    /// <summary>Name of the silo.</summary>
    [Id(0)] public required string Silo { get; init; }

    /// <summary>What it offers.</summary>
    [Id(1)] public required WorkerRoles Roles { get; init; }

    /// <summary>Its device lanes, such as <c>cpu:0</c>.</summary>
    [Id(2)] public required string[] Lanes { get; init; }

    /// <summary>Keys of the grains that it has activated for the run.</summary>
    [Id(3)] public required string[] Active { get; init; }

    /// <summary>
    /// The silo stops: it shall get nothing new, and waits a while for what it has to be handed over. The answer names the grains
    /// that are still needed there.
    /// </summary>
    [Id(4)] public bool Leaving { get; init; }
}

/// <summary>What the run wants a silo to host. Answers every heartbeat.</summary>
[GenerateSerializer, Immutable, Alias("oc.worker-assignment")]
public sealed record WorkerAssignment
{
    /// <summary>The silo shall host these grains, and wake those that it does not yet.</summary>
    [Id(0)] public required string[] Grains { get; init; }

    /// <summary>The encoders shall run (the shards are prepared).</summary>
    [Id(1)] public required bool Running { get; init; }

    /// <summary>The run has ended: the silo may let its grains go.</summary>
    [Id(2)] public required bool Finished { get; init; }
}

/// <summary>
/// Who is who in a run at the moment. Only the run grain changes it. A shard is kept by its members: the primary, which
/// is read, and its followers, which get the same stages and the same order.
/// </summary>
[GenerateSerializer, Immutable, Alias("oc.run-view")]
public sealed record RunView
{
    /// <summary>The history that everybody shall work in.</summary>
    [Id(0)] public required long History { get; init; }

    /// <summary>What the run learns.</summary>
    [Id(1)] public required Runs.RunSpec Spec { get; init; }

    /// <summary>Keys of the parameter shards' primaries, by shard number.</summary>
    [Id(2)] public required string[] ParameterShards { get; init; }

    /// <summary>Keys of the store shards' primaries, by shard number.</summary>
    [Id(3)] public required string[] NegativeShards { get; init; }

    /// <summary>Keys of the encoders.</summary>
    [Id(4)] public required string[] Encoders { get; init; }

    /// <summary>Keys of the momentum encoders.</summary>
    [Id(5)] public required string[] MomentumEncoders { get; init; }

    /// <summary>Keys of the augmentation workers.</summary>
    [Id(6)] public required string[] Augmentations { get; init; }

    /// <summary>Key of the evaluation grain.</summary>
    [Id(7)] public required string Evaluation { get; init; }

    /// <summary>Tells views apart: rises with every change, over all terms.</summary>
    [Id(8)] public long Number { get; init; }

    /// <summary>Keys of each parameter shard's followers; those that are still being filled are among them.</summary>
    [Id(9)] public string[][] ParameterFollowers { get; init; } = [];

    /// <summary>Keys of each store shard's followers.</summary>
    [Id(10)] public string[][] NegativeFollowers { get; init; } = [];

    /// <summary>Keys of the evaluation grains on the silos of the encoders, the one that leads first.</summary>
    public string[] Evaluations() => [.. EvaluationsOf(Evaluation, Encoders)];

    /// <summary>Keys of the evaluation grains beside these encoders, after the one that leads.</summary>
    public static IEnumerable<string> EvaluationsOf(string evaluation, IEnumerable<string> encoders) =>
        encoders.Select(GrainKeys.Parse).Select(place => GrainKeys.Evaluation(place.Run, place.Silo)).Prepend(evaluation).Distinct();

    /// <summary>Key of the augmentation worker that makes the views of a lease.</summary>
    public string AugmentationOf(LeaseId lease) => Augmentations[(int)(lease.Ordinal(Spec.LeasesPerEpoch) % Augmentations.Length)];

    /// <summary>Whoever a gradient for this parameter shard is staged at, the primary first.</summary>
    public IEnumerable<string> ParameterMembers(int shard) =>
        shard < ParameterFollowers.Length ? ParameterFollowers[shard].Prepend(ParameterShards[shard]) : [ParameterShards[shard]];

    /// <summary>Whoever rows for this store shard are staged at, the primary first.</summary>
    public IEnumerable<string> NegativeMembers(int shard) =>
        shard < NegativeFollowers.Length ? NegativeFollowers[shard].Prepend(NegativeShards[shard]) : [NegativeShards[shard]];
}
