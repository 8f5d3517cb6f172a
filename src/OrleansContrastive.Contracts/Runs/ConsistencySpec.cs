using Orleans;

namespace OrleansContrastive.Contracts.Runs;

/// <summary>How strictly versions follow each other.</summary>
[GenerateSerializer, Immutable, Alias("oc.consistency-spec")]
public sealed record ConsistencySpec
{
    /// <summary>Lockstep, bounded or unbounded.</summary>
    [Id(0)] public ConsistencyMode Mode { get; init; }

    /// <summary>Lease slots of one lockstep version; 1 in the other modes.</summary>
    [Id(1)] public int Slots { get; init; } = 1;

    /// <summary>s of <see cref="ConsistencyMode.Bounded"/>: versions per encoder that a gradient may be old; at least 1.</summary>
    [Id(2)] public int StalenessBound { get; init; } = 4;

    /// <summary>What is done about stale gradients.</summary>
    [Id(3)] public StalenessCorrection Correction { get; init; }

    /// <summary>λ of the delay compensations; about 0.04, adaptive about 2.</summary>
    [Id(4)] public double Compensation { get; init; } = 0.04;
}

/// <summary>Who waits for whom (docs/architecture.md, "One order").</summary>
public enum ConsistencyMode
{
    /// <summary>A version commits a fixed number of lease slots at once: synchronous data-parallel training.</summary>
    Lockstep = 0,

    /// <summary>
    /// Every lease is a version of its own. An encoder begins a lease only while no gradient in work can become staler than
    /// <see cref="ConsistencySpec.StalenessBound"/> x encoders versions.
    /// </summary>
    Bounded = 1,

    /// <summary>Every lease is a version of its own; nobody waits.</summary>
    Unbounded = 2,
}

/// <summary>What a parameter shard does about a gradient that is τ updates old (docs/architecture.md, "One order").</summary>
public enum StalenessCorrection
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Scales the gradient by 1/(1+τ).</summary>
    Inverse = 1,

    /// <summary>Adds λ g² (θ − θ_base), element by element (Zheng et al. 2017, DC-ASGD-c).</summary>
    DelayCompensation = 2,

    /// <summary>The same with λ divided by the root of g²'s moving mean (DC-ASGD-a).</summary>
    AdaptiveDelayCompensation = 3,
}

/// <summary>How gradients and parameters travel.</summary>
public enum WireFormat
{
    /// <summary>As they are.</summary>
    Float32 = 0,

    /// <summary>
    /// Half the bytes. Outside lockstep, what a gradient's rounding leaves over goes into the encoder's next one.
    /// </summary>
    BFloat16 = 1,
}

/// <summary>
/// What an encoder fetches for its next lease while it computes one. In lockstep only views are fetched ahead. What is not
/// fetched ahead is fetched when the encoder's own last gradient is applied.
/// </summary>
public enum Prefetch
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Query views.</summary>
    Views = 1,

    /// <summary>Query views and keys, whose encoder is then older by the updates of one lease.</summary>
    Keys = 2,

    /// <summary>Query views, keys and weights: the gradient too is then older by the updates of one lease.</summary>
    Weights = 3,
}
