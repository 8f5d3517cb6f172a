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

    /// <summary>The recipe of each view by its number, as JSON of the augmentation recipe.</summary>
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

    /// <summary>Options of the method's own, a JSON object; empty = its defaults.</summary>
    [Id(17)] public string MethodOptions { get; init; } = "";

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

/// <summary>Weights and batch-norm statistics in the run's store, by their content.</summary>
[GenerateSerializer, Immutable, Alias("oc.initial-encoder-spec")]
public sealed record InitialEncoderSpec
{
    /// <summary>Lower-case hexadecimal SHA-256 of the stored file; it is also the file's name.</summary>
    [Id(0)] public required string Sha256 { get; init; }

    /// <summary>What the user gave, for messages.</summary>
    [Id(1)] public required string Source { get; init; }
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

    /// <summary>Of <c>image-sequences</c>: side of a frame, in pixels.</summary>
    [Id(8)] public int FrameSize { get; init; } = 32;

    /// <summary>Of <c>image-sequences</c>: which frames an image shows, <c>even</c> or <c>consecutive</c>.</summary>
    [Id(9)] public string Frames { get; init; } = "even";
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

    /// <summary>What the encoder starts from; null = what the seed gives. The head starts from the seed in any case.</summary>
    [Id(6)] public InitialEncoderSpec? Initial { get; init; }

    /// <summary>Which network is judged while the run goes on and at its end.</summary>
    [Id(7)] public EvaluatedNetwork Evaluated { get; init; }
}

/// <summary>One of a run's two networks.</summary>
public enum EvaluatedNetwork
{
    /// <summary>θ_q with its running batch-norm moments.</summary>
    Query = 0,

    /// <summary>
    /// θ_k, the moving average, with the query network's running moments: the key network's own are never kept
    /// (MoCo's code evaluates θ_q; DINO's and BYOL's the average).
    /// </summary>
    Key = 1,
}

/// <summary>The optimizer and its schedules, in samples applied.</summary>
[GenerateSerializer, Immutable, Alias("oc.optimizer-spec")]
public sealed record OptimizerSpec
{
    /// <summary>Peak learning rate of an update of <see cref="RunSpec.Batch"/> samples.</summary>
    [Id(0)] public required double LearningRate { get; init; }

    /// <summary>Momentum; in [0, 1).</summary>
    [Id(1)] public double Momentum { get; init; } = 0.9;

    /// <summary>Weight decay: L2, decoupled in AdamW.</summary>
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

    /// <summary><c>sgd</c>, <c>adamw</c>, <c>lars</c>, <c>lars-google</c>, <c>lars-lightly</c>, <c>lars-solo</c> or <c>larc</c>.</summary>
    [Id(8)] public string Kind { get; init; } = "sgd";

    /// <summary>AdamW: share of the past in the mean of the gradient; in [0, 1).</summary>
    [Id(9)] public double Beta1 { get; init; } = 0.9;

    /// <summary>AdamW: share of the past in the mean of the squared gradient; in [0, 1).</summary>
    [Id(10)] public double Beta2 { get; init; } = 0.999;

    /// <summary>AdamW and the LARS forms that have one: keeps a divisor from zero.</summary>
    [Id(11)] public double Epsilon { get; init; } = 1e-8;

    /// <summary>LARS and LARC: η; above 0.</summary>
    [Id(12)] public double TrustCoefficient { get; init; } = 0.001;

    /// <summary>LARS (solo) and LARC: a tensor's own rate is no more than the run's.</summary>
    [Id(13)] public bool TrustClip { get; init; }

    /// <summary>Parts of the network whose rate stays at the peak, by name, such as <c>predictor</c> (SimSiam).</summary>
    [Id(14)] public string[] FixedRateParts { get; init; } = [];

    /// <summary>Learning rate of the first update, where there is a warm-up; as <see cref="LearningRate"/>, of a reference batch.</summary>
    [Id(15)] public double WarmUpStart { get; init; }

    /// <summary>Where the cosine ends; as <see cref="LearningRate"/>, of a reference batch.</summary>
    [Id(16)] public double FinalLearningRate { get; init; }

    /// <summary>Weight decay at the end, reached by a cosine (DINO: 0.04 to 0.4); null = constant.</summary>
    [Id(17)] public double? WeightDecayEnd { get; init; }

    /// <summary>The longest that a tensor's averaged gradient may be, in its Euclidean norm (DINO: 3); 0 = no limit.</summary>
    [Id(18)] public double GradientClip { get; init; }
}

/// <summary>How many grains of each kind the run asks for.</summary>
[GenerateSerializer, Immutable, Alias("oc.topology-spec")]
public sealed record TopologySpec
{
    /// <summary>Encoders; at least 1.</summary>
    [Id(0)] public int Encoders { get; init; } = 1;

    /// <summary>Momentum encoders; 0 where the method has no key encoder.</summary>
    [Id(1)] public int KeyEncoders { get; init; } = 1;

    /// <summary>Augmentation workers; at least 1.</summary>
    [Id(2)] public int Augmentations { get; init; } = 1;

    /// <summary>Shards of the parameter server; at least 1.</summary>
    [Id(3)] public int ParameterShards { get; init; } = 1;

    /// <summary>Shards of the negative store; 0 where the method has no memory.</summary>
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
