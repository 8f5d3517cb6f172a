using Orleans;

namespace OrleansContrastive.Contracts.Leases;

/// <summary>An encoder is about to compute an attempt that it holds, in <c>Bounded</c>.</summary>
/// <param name="Encoder">Key of the encoder grain.</param>
/// <param name="History">The history that the encoder works in.</param>
/// <param name="Attempt">The attempt.</param>
[GenerateSerializer, Immutable, Alias("oc.begin-request")]
public sealed record BeginRequest([property: Id(0)] string Encoder, [property: Id(1)] long History, [property: Id(2)] LeaseAttempt Attempt);

/// <summary>Whether an encoder may compute an attempt now.</summary>
public enum BeginOutcome
{
    /// <summary>Compute it, with weights of at least the given version.</summary>
    Begin = 0,

    /// <summary>Somebody's gradient would become too stale; ask again.</summary>
    Wait = 1,

    /// <summary>The attempt was ended or belongs to another history: drop it.</summary>
    Drop = 2,
}

/// <summary>Answer to <see cref="BeginRequest"/>.</summary>
/// <param name="Outcome">What to do.</param>
/// <param name="AtLeast">The oldest version of the weights that the gradient may be taken at.</param>
[GenerateSerializer, Immutable, Alias("oc.begin-reply")]
public sealed record BeginReply([property: Id(0)] BeginOutcome Outcome, [property: Id(1)] long AtLeast = 0);
