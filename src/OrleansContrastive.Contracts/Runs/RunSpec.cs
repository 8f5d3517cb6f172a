using System.Text.Json.Serialization;
using Orleans;

namespace OrleansContrastive.Contracts.Runs;

/// <summary>
/// All that decides what a run learns, resolved (no "auto" is left in it): two runs of one spec on one kind of
/// machine learn the same. It is stored with every checkpoint.
/// </summary>
[GenerateSerializer, Immutable, Alias("oc.run-spec")]
public sealed record RunSpec
{
    /// <summary>Name of the method, such as <c>moco-v2</c>.</summary>
    [Id(0)] public required string Method { get; init; }

    /// <summary>The images.</summary>
    [Id(1)] public required DatasetSpec Dataset { get; init; }

    /// <summary>The network.</summary>
    [Id(2)] public required ModelSpec Model { get; init; }

    /// <summary>The recipes of the query view and of the key view, as JSON of the augmentation recipe.</summary>
    [Id(3)] public required string[] Augmentations { get; init; }

    /// <summary>Queue, temperature, key momentum.</summary>
    [Id(4)] public required ContrastSpec Contrast { get; init; }

    /// <summary>Learning rate and its schedule.</summary>
    [Id(5)] public required OptimizerSpec Optimizer { get; init; }

    /// <summary>Who waits for whom.</summary>
    [Id(6)] public required ConsistencySpec Consistency { get; init; }

    /// <summary>How many grains of each kind.</summary>
    [Id(7)] public required TopologySpec Topology { get; init; }

    /// <summary>Passes over the data set; at least 1.</summary>
    [Id(8)] public required int Epochs { get; init; }

    /// <summary>
    /// Samples of the reference batch R: the learning rate and the key momentum are given for an update of so many.
    /// In lockstep it is also the number of samples of one step.
    /// </summary>
    [Id(9)] public required int Batch { get; init; }

    /// <summary>Samples of one lease, that is of one gradient.</summary>
    [Id(10)] public required int LeaseSize { get; init; }

    /// <summary>Seed of everything that is drawn.</summary>
    [Id(11)] public required ulong Seed { get; init; }

    /// <summary>Samples between two checkpoints; 0 = only at the end and on request.</summary>
    [Id(12)] public long CheckpointEvery { get; init; }

    /// <summary>Largest payload of one message, in bytes. Bigger shards travel in parts.</summary>
    [Id(13)] public int MaxBlockBytes { get; init; } = 4 << 20;

    /// <summary>How gradients and parameters travel.</summary>
    [Id(14)] public WireFormat Wire { get; init; }

    /// <summary>Checkpoints that are kept, the newest ones; at least 1.</summary>
    [Id(15)] public int CheckpointsKept { get; init; } = 3;

    /// <summary>What is fetched for the next lease while one is computed.</summary>
    [Id(16)] public Prefetch Prefetch { get; init; } = Prefetch.Views;

    /// <summary>Leases of one epoch. The last samples that fill no whole step are dropped, and counted as skipped.</summary>
    [JsonIgnore]
    public int LeasesPerEpoch
    {
        get
        {
            var leases = Dataset.Count / LeaseSize;
            return Consistency.Mode == ConsistencyMode.Lockstep ? leases / Consistency.Slots * Consistency.Slots : leases;
        }
    }

    /// <summary>Updates that a gradient may be old when it is applied.</summary>
    [JsonIgnore]
    public long MaximumStaleness => Consistency.Mode switch
    {
        ConsistencyMode.Lockstep => 0,
        ConsistencyMode.Bounded => (long)Consistency.StalenessBound * Topology.Encoders,
        _ => long.MaxValue,
    };

    /// <summary>Leases of the whole run.</summary>
    [JsonIgnore]
    public long TotalLeases => (long)LeasesPerEpoch * Epochs;

    /// <summary>Samples of the whole run.</summary>
    [JsonIgnore]
    public long TotalSamples => TotalLeases * LeaseSize;
}

/// <summary>Which images, and the fingerprint that every node's copy must have.</summary>
[GenerateSerializer, Immutable, Alias("oc.dataset-spec")]
public sealed record DatasetSpec
{
    /// <summary>Name in the data set catalogue.</summary>
    [Id(0)] public required string Name { get; init; }

    /// <summary>Folder or file given by the user; null = the cache.</summary>
    [Id(1)] public string? Path { get; init; }

    /// <summary>Which part is learned from, such as <c>train</c>.</summary>
    [Id(2)] public string Split { get; init; } = "train";

    /// <summary>Hash of the contents; a node that has another is refused.</summary>
    [Id(3)] public required string Fingerprint { get; init; }

    /// <summary>Number of images used: the first so many of the data set.</summary>
    [Id(4)] public required int Count { get; init; }

    /// <summary>1 = gray, 3 = colour.</summary>
    [Id(5)] public required int Channels { get; init; }

    /// <summary>Side of the square views, in pixels.</summary>
    [Id(6)] public required int ImageSize { get; init; }

    /// <summary>Which part the encoder is judged on.</summary>
    [Id(7)] public string TestSplit { get; init; } = "test";
}

/// <summary>Encoder, projection head and how they compute.</summary>
[GenerateSerializer, Immutable, Alias("oc.model-spec")]
public sealed record ModelSpec
{
    /// <summary>Name of the encoder, such as <c>resnet8-w16</c>.</summary>
    [Id(0)] public required string Encoder { get; init; }

    /// <summary>Kind of projection head: <c>none</c>, <c>linear</c>, <c>mlp</c>, <c>simclr-mlp</c>.</summary>
    [Id(1)] public required string Head { get; init; }

    /// <summary>Hidden width of the head; 0 = the encoder's feature width.</summary>
    [Id(2)] public int HiddenWidth { get; init; }

    /// <summary>Width D of the embedding.</summary>
    [Id(3)] public int EmbeddingWidth { get; init; } = 128;

    /// <summary>Resolved precision: <c>float32</c>, <c>bfloat16</c> or <c>float64</c>.</summary>
    [Id(4)] public required string Precision { get; init; }

    /// <summary>Batch norm splits S of a lease, for query and key network.</summary>
    [Id(5)] public int BatchNormSplits { get; init; } = 1;
}

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

    /// <summary>Both views are query and key in turn; the loss is the mean of the two.</summary>
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
}

/// <summary>Who encodes keys.</summary>
public enum KeyEncoding
{
    /// <summary>Momentum encoders, for all encoders.</summary>
    Shared = 0,

    /// <summary>Every encoder its own, on its own lane: no keys and key views travel to a third place.</summary>
    Local = 1,
}

/// <summary>What an encoder fetches for its next lease while it computes one. In lockstep only views are fetched ahead.</summary>
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

/// <summary>What negatives are kept in.</summary>
public enum NegativeStoreKind
{
    /// <summary>A ring of the newest keys (He et al. 2020).</summary>
    Queue = 0,

    /// <summary>A row for every sample of the data set, spread over the shards by sample (Wu et al. 2018).</summary>
    Bank = 1,
}

/// <summary>Strategies of choosing and weighing negatives.</summary>
public enum SamplingKind
{
    /// <summary>Every row counts.</summary>
    All = 0,

    /// <summary>Rows drawn uniformly, by the seed and the lease.</summary>
    Uniform = 1,

    /// <summary>The newest rows.</summary>
    Recent = 2,

    /// <summary>The rows most similar to each query.</summary>
    Hardest = 3,

    /// <summary>Debiased (Chuang et al. 2020).</summary>
    Debiased = 4,

    /// <summary>Hard ones weigh more (Robinson et al. 2021).</summary>
    Reweighted = 5,

    /// <summary>Synthetic rows are mixed of the hardest (Kalantidis et al. 2020, MoCHi).</summary>
    Mixed = 6,
}

/// <summary>Which negatives count and how much.</summary>
[GenerateSerializer, Immutable, Alias("oc.sampling-spec")]
public sealed record SamplingSpec
{
    /// <summary>The strategy.</summary>
    [Id(0)] public SamplingKind Kind { get; init; }

    /// <summary>Rows drawn, in the window, hardest, or hardest to mix from (N_h), of all shards together.</summary>
    [Id(1)] public int Rows { get; init; } = 256;

    /// <summary>β of <see cref="SamplingKind.Reweighted"/>; above 0.</summary>
    [Id(2)] public double Beta { get; init; } = 1;

    /// <summary>τ⁺ of debiased and reweighted: chance that a row is of the query's class; in [0, 1).</summary>
    [Id(3)] public double ClassPrior { get; init; } = 0.1;

    /// <summary>s of <see cref="SamplingKind.Mixed"/>: rows mixed of two hard ones.</summary>
    [Id(4)] public int MixedPairs { get; init; } = 256;

    /// <summary>s' of <see cref="SamplingKind.Mixed"/>: rows mixed with the query.</summary>
    [Id(5)] public int MixedWithQuery { get; init; } = 32;
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

/// <summary>Where negatives meet queries.</summary>
public enum NegativeMode
{
    /// <summary>Each encoder keeps a copy of the queue and pulls only new rows.</summary>
    Mirror = 0,

    /// <summary>Queries travel to the shards, partial softmaxes come back; the rows stay at home.</summary>
    Shard = 1,
}

/// <summary>Stochastic gradient descent and its schedule, in samples applied.</summary>
[GenerateSerializer, Immutable, Alias("oc.optimizer-spec")]
public sealed record OptimizerSpec
{
    /// <summary>Peak learning rate of an update of <see cref="RunSpec.Batch"/> samples.</summary>
    [Id(0)] public required double LearningRate { get; init; }

    /// <summary>Momentum; in [0, 1).</summary>
    [Id(1)] public double Momentum { get; init; } = 0.9;

    /// <summary>L2 weight decay.</summary>
    [Id(2)] public double WeightDecay { get; init; }

    /// <summary>Nesterov's form.</summary>
    [Id(3)] public bool Nesterov { get; init; }

    /// <summary>Biases and norm parameters take no weight decay.</summary>
    [Id(4)] public bool ExcludeNormAndBias { get; init; }

    /// <summary><c>cosine</c>, <c>step</c> or <c>constant</c>.</summary>
    [Id(5)] public string Schedule { get; init; } = "cosine";

    /// <summary>Linear warm-up, in epochs.</summary>
    [Id(6)] public double WarmUpEpochs { get; init; }

    /// <summary>Epochs at which the step schedule multiplies by 0.1.</summary>
    [Id(7)] public double[] StepEpochs { get; init; } = [];
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

/// <summary>How many grains of each kind the run asks for.</summary>
[GenerateSerializer, Immutable, Alias("oc.topology-spec")]
public sealed record TopologySpec
{
    /// <summary>Encoders; at least 1.</summary>
    [Id(0)] public int Encoders { get; init; } = 1;

    /// <summary>Momentum encoders; at least 1.</summary>
    [Id(1)] public int KeyEncoders { get; init; } = 1;

    /// <summary>Augmentation workers; at least 1.</summary>
    [Id(2)] public int Augmentations { get; init; } = 1;

    /// <summary>Shards of the parameter server; at least 1.</summary>
    [Id(3)] public int ParameterShards { get; init; } = 1;

    /// <summary>Shards of the negative store; at least 1.</summary>
    [Id(4)] public int NegativeShards { get; init; } = 1;

    /// <summary>Leases that an encoder holds beside the one it computes, so that their views are ready.</summary>
    [Id(5)] public int LeasesAhead { get; init; } = 1;

    /// <summary>
    /// Members of every shard, at least 1. With two, the death of a silo loses no committed update; with one, the run rolls
    /// back to its last checkpoint. Where silos are fewer, the run goes on with what there is and says so.
    /// </summary>
    [Id(6)] public int Replicas { get; init; } = 1;

    /// <summary>Silos that the run waits for before it begins; at least 1.</summary>
    [Id(7)] public int MinimumSilos { get; init; } = 1;
}
