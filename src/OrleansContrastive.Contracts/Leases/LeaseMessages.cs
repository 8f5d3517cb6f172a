using Orleans;
using OrleansContrastive.Contracts.Runs;

namespace OrleansContrastive.Contracts.Leases;

/// <summary>An encoder asks for work.</summary>
/// <param name="Encoder">Key of the encoder grain.</param>
/// <param name="History">The history that the encoder works in.</param>
/// <param name="Idle">It holds no lease that it could compute now, so it takes one out of turn.</param>
/// <param name="Holding">
/// The attempts in its hands, computed ones that are not committed yet among them. Whatever else the run has granted it is
/// forgotten there, and is granted again. Null = it does not say.
/// </param>
[GenerateSerializer, Immutable, Alias("oc.lease-request")]
public sealed record LeaseRequest(
    [property: Id(0)] string Encoder,
    [property: Id(1)] long History,
    [property: Id(2)] bool Idle,
    [property: Id(3)] LeaseAttempt[]? Holding = null);

/// <summary>What an encoder that asked for work shall do.</summary>
public enum LeaseOutcome
{
    /// <summary>Compute the attempt.</summary>
    Granted = 0,

    /// <summary>Nothing now; ask again after the given time.</summary>
    Wait = 1,

    /// <summary>The run has ended.</summary>
    Finished = 2,

    /// <summary>The run has another history: drop all and fetch the view.</summary>
    OtherHistory = 3,
}

/// <summary>Answer to <see cref="LeaseRequest"/>.</summary>
[GenerateSerializer, Immutable, Alias("oc.lease-reply")]
public sealed record LeaseReply
{
    /// <summary>What to do.</summary>
    [Id(0)] public required LeaseOutcome Outcome { get; init; }

    /// <summary>The granted attempt.</summary>
    [Id(1)] public LeaseAttempt Attempt { get; init; }

    /// <summary>In lockstep the version that the attempt must compute with; otherwise -1: the newest.</summary>
    [Id(2)] public long BaseVersion { get; init; } = -1;

    /// <summary>When to ask again.</summary>
    [Id(3)] public TimeSpan After { get; init; }

    /// <summary>Number of the run's view; one that is not the caller's is worth fetching.</summary>
    [Id(4)] public long View { get; init; }
}

/// <summary>
/// All effects of an attempt are staged at all members of all shards: let them count. Asked again until the answer is not
/// <see cref="CommitOutcome.Pending"/>; repetitions do no harm.
/// </summary>
[GenerateSerializer, Immutable, Alias("oc.commit-request")]
public sealed record CommitRequest
{
    /// <summary>The attempt.</summary>
    [Id(0)] public required LeaseAttempt Attempt { get; init; }

    /// <summary>The history it was staged in.</summary>
    [Id(1)] public required long History { get; init; }

    /// <summary>Key of the encoder grain.</summary>
    [Id(2)] public required string Encoder { get; init; }

    /// <summary>Version of the weights that the gradient was taken at.</summary>
    [Id(3)] public required long BaseVersion { get; init; }

    /// <summary>Version of the key encoder.</summary>
    [Id(4)] public required long KeyVersion { get; init; }

    /// <summary>Samples in the gradient (broken images are not).</summary>
    [Id(5)] public required int Samples { get; init; }

    /// <summary>The gradient was not finite, or there was no sample: the lease is done without an effect.</summary>
    [Id(6)] public bool Skipped { get; init; }

    /// <summary>What the step measured.</summary>
    [Id(7)] public required StepMeasures Measures { get; init; }

    /// <summary>Number of the view whose members have all acknowledged the stages.</summary>
    [Id(8)] public long View { get; init; }
}

/// <summary>What one step measured, averaged over its queries.</summary>
/// <param name="Loss">Mean loss.</param>
/// <param name="ChanceLevel">Loss of a network that tells nothing apart.</param>
/// <param name="Accuracy">Share of queries nearer to their key than to every negative.</param>
/// <param name="PositiveSimilarity">Mean cosine of query and key.</param>
/// <param name="Entropy">Of the softmax over key and negatives.</param>
/// <param name="Negatives">Mean number of negatives.</param>
/// <param name="BrokenImages">Images that could not be read.</param>
/// <param name="RowAges">Ages, in versions, of some of the rows that were contrasted with, the oldest among them.</param>
/// <param name="Traffic">Bytes that the lease moved between grains.</param>
/// <param name="ResidualsLost">Error-feedback residuals that the encoder gave up since its last commit.</param>
/// <param name="Health">How the embeddings lie; null where it was not measured, as in most leases.</param>
[GenerateSerializer, Immutable, Alias("oc.step-measures")]
public readonly record struct StepMeasures(
    [property: Id(0)] double Loss,
    [property: Id(1)] double ChanceLevel,
    [property: Id(2)] double Accuracy,
    [property: Id(3)] double PositiveSimilarity,
    [property: Id(4)] double Entropy,
    [property: Id(5)] long Negatives,
    [property: Id(6)] long BrokenImages,
    [property: Id(7)] long[]? RowAges = null,
    [property: Id(8)] Traffic Traffic = default,
    [property: Id(9)] int ResidualsLost = 0,
    [property: Id(10)] HealthReport? Health = null);

/// <summary>What became of a commit.</summary>
public enum CommitOutcome
{
    /// <summary>The attempt counts, and every member of every shard knows its place in the order.</summary>
    Accepted = 0,

    /// <summary>Another attempt of the lease, or this one, has been committed before.</summary>
    Committed = 1,

    /// <summary>The attempt was ended, or belongs to another history: drop it.</summary>
    Refused = 2,

    /// <summary>The attempt is taken, but its version is not closed or not yet with every shard: ask again.</summary>
    Pending = 3,

    /// <summary>A shard has a new member since: stage there too, and ask again with the new view.</summary>
    OtherView = 4,
}
