using Orleans;

namespace OrleansContrastive.Contracts.Runs;

/// <summary>What a query is contrasted with (MoCo, section 3).</summary>
[GenerateSerializer, Immutable, Alias("oc.contrast-spec")]
public sealed record ContrastSpec
{
    /// <summary>Temperature T; above 0.</summary>
    [Id(0)] public required double Temperature { get; init; }

    /// <summary>Rows K of the queue, over all shards; at least 1.</summary>
    [Id(1)] public required int QueueLength { get; init; }

    /// <summary>Key momentum m of an update of <see cref="RunSpec.Batch"/> samples; in [0, 1).</summary>
    [Id(2)] public required double KeyMomentum { get; init; }

    /// <summary>Both views are query and key in turn; the loss is the mean of the two, or what the method says of it.</summary>
    [Id(3)] public bool Symmetric { get; init; }

    /// <summary>Keys are permuted before the batch norm splits and restored after (shuffle-BN).</summary>
    [Id(4)] public bool ShuffleKeys { get; init; } = true;

    /// <summary>Rows of the query's own sample do not count as negatives.</summary>
    [Id(5)] public bool MaskOwnSample { get; init; } = true;

    /// <summary>The queue starts full of random unit rows, as MoCo's code does; otherwise empty, and only written rows count.</summary>
    [Id(6)] public bool StartWithRandomRows { get; init; }

    /// <summary>Where the negatives meet the queries.</summary>
    [Id(7)] public NegativeMode Mode { get; init; }

    /// <summary>What the negatives are kept in.</summary>
    [Id(8)] public NegativeStoreKind Store { get; init; }

    /// <summary>μ of a bank's rows, v ← normalize(μ v + (1 − μ) f); in [0, 1).</summary>
    [Id(9)] public double BankMomentum { get; init; } = 0.5;

    /// <summary>Which negatives count and how much.</summary>
    [Id(10)] public SamplingSpec Sampling { get; init; } = new();

    /// <summary>How long a shard's answer is waited for outside lockstep; without it, fewer negatives count, and are reported.</summary>
    [Id(11)] public TimeSpan Deadline { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Who encodes keys.</summary>
    [Id(12)] public KeyEncoding KeyEncoding { get; init; }

    /// <summary>
    /// Leases that a momentum encoder encodes together, permuted together before batch norm; 1 = each by itself. In lockstep any
    /// larger number means all slots of a version.
    /// </summary>
    [Id(13)] public int KeyBatch { get; init; } = 1;

    /// <summary>How long an asynchronous batch waits to be full.</summary>
    [Id(14)] public TimeSpan KeyDeadline { get; init; } = TimeSpan.FromMilliseconds(20);

    /// <summary><c>constant</c>, or <c>cosine</c>: from <see cref="KeyMomentum"/> to <see cref="KeyMomentumEnd"/> e, m(t) = e − (e − m)(cos(πt/T) + 1)/2 (BYOL, section 3.3).</summary>
    [Id(15)] public string KeyMomentumSchedule { get; init; } = "constant";

    /// <summary>Z of noise-contrastive estimation stays what the first version makes it, as released by Wu et al. 2018; otherwise it is a moving average.</summary>
    [Id(16)] public bool FreezePartition { get; init; }

    /// <summary>Key momentum at the end of a cosine; <see cref="KeyMomentum"/> to 1, which it is in BYOL.</summary>
    [Id(17)] public double KeyMomentumEnd { get; init; } = 1;
}

/// <summary>Where negatives meet queries.</summary>
public enum NegativeMode
{
    /// <summary>Each encoder keeps a copy of the queue and pulls only new rows.</summary>
    Mirror = 0,

    /// <summary>Queries travel to the shards, partial softmaxes come back; the rows stay at home.</summary>
    Shard = 1,
}

/// <summary>What negatives are kept in.</summary>
public enum NegativeStoreKind
{
    /// <summary>A ring of the newest keys (He et al. 2020).</summary>
    Queue = 0,

    /// <summary>A row for every sample of the data set, spread over the shards by sample (Wu et al. 2018).</summary>
    Bank = 1,
}

/// <summary>Who encodes keys.</summary>
public enum KeyEncoding
{
    /// <summary>Momentum encoders, for all encoders.</summary>
    Shared = 0,

    /// <summary>Every encoder its own, on its own lane: no keys and key views travel to a third place.</summary>
    Local = 1,
}
