using System.Text.Json.Nodes;

namespace OrleansContrastive.Cli.Recipes;

/// <summary>
/// Everything that a user may say about a run, with its default. A preset is a JSON object of these names; so are the
/// arguments of <c>--set</c>. Names are matched without case and dashes.
/// </summary>
internal sealed record TrainingRecipe
{
    public string Method { get; init; } = "moco-v2";

    /// <summary>Options of the method's own; <c>--set</c> takes them by their names too.</summary>
    public JsonObject? Options { get; init; }

    public string Dataset { get; init; } = "fashion-mnist";

    /// <summary>Folder of the data set; null = the cache.</summary>
    public string? Data { get; init; }

    /// <summary>Training split, such as <c>train</c> or <c>train[:50000]</c>.</summary>
    public string Split { get; init; } = "train";

    /// <summary>What kNN is judged on.</summary>
    public string TestSplit { get; init; } = "test";

    /// <summary>Of image-sequences: side of a frame in pixels; an image has twice that.</summary>
    public int FrameSize { get; init; } = 32;

    /// <summary>Of image-sequences: the four frames of an image, even (over the whole sequence) or consecutive.</summary>
    public string Frames { get; init; } = "even";

    public string Encoder { get; init; } = "resnet18";

    /// <summary>The projection head (<c>none</c>, <c>linear</c>, <c>mlp</c>, <c>simclr-mlp</c>, …); every method has its own by default.</summary>
    public string Head { get; init; } = "mlp";

    public int HiddenWidth { get; init; }

    public int EmbeddingWidth { get; init; } = 128;

    /// <summary>auto, float32, bfloat16 or float64.</summary>
    public string Precision { get; init; } = "auto";

    public int Epochs { get; init; } = 10;

    public int Batch { get; init; } = 256;

    /// <summary>sgd, adamw, lars, lars-google, lars-lightly, lars-solo or larc.</summary>
    public string Optimizer { get; init; } = "sgd";

    public double LearningRate { get; init; } = 0.06;

    public double Momentum { get; init; } = 0.9;

    public double WeightDecay { get; init; } = 5e-4;

    public bool Nesterov { get; init; }

    public bool ExcludeNormAndBias { get; init; }

    /// <summary>Weight decay at the end, reached by a cosine; null = constant.</summary>
    public double? WeightDecayEnd { get; init; }

    /// <summary>Of adamw.</summary>
    public double Beta1 { get; init; } = 0.9;

    /// <summary>Of adamw.</summary>
    public double Beta2 { get; init; } = 0.999;

    /// <summary>Of adamw and of the LARS forms that have one.</summary>
    public double Epsilon { get; init; } = 1e-8;

    /// <summary>η of LARS and LARC.</summary>
    public double TrustCoefficient { get; init; } = 0.001;

    /// <summary>lars-solo and larc: a tensor's own rate is no more than the run's.</summary>
    public bool TrustClip { get; init; }

    /// <summary>The longest that a tensor's gradient may be, in its Euclidean norm; 0 = no limit.</summary>
    public double GradientClip { get; init; }

    /// <summary>Parts of the network whose rate follows no schedule, such as predictor.</summary>
    public string[] FixedRateParts { get; init; } = [];

    public string Schedule { get; init; } = "cosine";

    /// <summary>Where the cosine ends.</summary>
    public double FinalLearningRate { get; init; }

    public double WarmUpEpochs { get; init; }

    /// <summary>Learning rate of the first update of a warm-up.</summary>
    public double WarmUpStart { get; init; }

    public double[] StepEpochs { get; init; } = [];

    public double Temperature { get; init; } = 0.1;

    public int QueueLength { get; init; } = 4096;

    public double KeyMomentum { get; init; } = 0.99;

    /// <summary>constant, or cosine: rises to keyMomentumEnd.</summary>
    public string KeyMomentumSchedule { get; init; } = "constant";

    /// <summary>Where the cosine of the key momentum ends.</summary>
    public double KeyMomentumEnd { get; init; } = 1;

    public bool Symmetric { get; init; }

    public bool ShuffleKeys { get; init; } = true;

    public bool MaskOwnSample { get; init; } = true;

    public bool StartWithRandomRows { get; init; }

    /// <summary>Z of sampling=noise stays what the first step makes it.</summary>
    public bool FreezePartition { get; init; }

    /// <summary>mirror or shard.</summary>
    public string Negatives { get; init; } = "mirror";

    /// <summary>What the negatives are kept in: queue or bank; a bank is contrasted at the shards.</summary>
    public string Store { get; init; } = "queue";

    /// <summary>μ of a bank's rows.</summary>
    public double BankMomentum { get; init; } = 0.5;

    /// <summary>Which negatives count: all, uniform, recent, hardest, debiased, reweighted, mixed, noise (against a bank), or synco.</summary>
    public string Sampling { get; init; } = "all";

    /// <summary>Rows drawn, in the window, hardest, or to mix from; synco's paper has 1024.</summary>
    public int SamplingRows { get; init; } = 256;

    /// <summary>β of reweighted.</summary>
    public double Hardness { get; init; } = 1;

    /// <summary>τ⁺ of debiased and reweighted.</summary>
    public double ClassPrior { get; init; } = 0.1;

    /// <summary>s of mixed.</summary>
    public int MixedPairs { get; init; } = 256;

    /// <summary>s' of mixed.</summary>
    public int MixedWithQuery { get; init; } = 32;

    /// <summary>Epochs in which mixed and synco make no rows yet; fractions count. The papers have 10 to 15 of 200.</summary>
    public double MixAfterEpochs { get; init; }

    /// <summary>Rows of synco's six generators: interpolated, extrapolated, mixed, noisy, along the gradient, adversarial.</summary>
    public int[] SyncoRows { get; init; } = [256, 256, 256, 64, 64, 64];

    /// <summary>σ, δ and η of synco's last three.</summary>
    public double[] SyncoStrengths { get; init; } = [0.01, 0.01, 0.01];

    /// <summary>Name of the augmentation recipe of both views; null = by the size of the images.</summary>
    public string? Augmentation { get; init; }

    /// <summary>Name of the recipe of the key view where it differs.</summary>
    public string? KeyAugmentation { get; init; }

    /// <summary>Changes the recipe's least crop area.</summary>
    public double? CropScaleMin { get; init; }

    /// <summary>The same of the key view where it differs.</summary>
    public double? KeyCropScaleMin { get; init; }

    /// <summary>Changes the recipe's crop ratio to [1/x, x].</summary>
    public double? CropRatio { get; init; }

    /// <summary>Name of the recipe of the small crops where it differs from the key view's.</summary>
    public string? LocalAugmentation { get; init; }

    /// <summary>Side of the small crops of methods that have some; 0 = three sevenths of the views'.</summary>
    public int LocalSize { get; init; }

    /// <summary>Least and greatest area of the small crops.</summary>
    public double[] LocalScale { get; init; } = [0.05, 0.14];

    /// <summary>Side of the views in pixels; 0 = the images' own, or the recipe's where images differ.</summary>
    public int ImageSize { get; init; }

    /// <summary>lockstep, bounded or unbounded.</summary>
    public string Consistency { get; init; } = "lockstep";

    /// <summary>s of bounded: versions per encoder that a gradient may be old.</summary>
    public int StalenessBound { get; init; } = 4;

    /// <summary>What is done about stale gradients: none, inverse, delay-compensation or adaptive-delay-compensation.</summary>
    public string Correction { get; init; } = "none";

    /// <summary>λ of the delay compensations; 0 = 0.04, adaptive 2.</summary>
    public double Compensation { get; init; }

    /// <summary>How gradients and parameters travel: float32 or bfloat16.</summary>
    public string Wire { get; init; } = "float32";

    /// <summary>What is fetched for the next lease while one is computed: none, views, keys or weights; in lockstep views at most.</summary>
    public string Prefetch { get; init; } = "views";

    /// <summary>Who encodes keys: shared (momentum encoders) or local (every encoder its own).</summary>
    public string KeyEncoding { get; init; } = "shared";

    /// <summary>Leases that a momentum encoder encodes together, shuffled for batch norm; in lockstep more than 1 means a whole step.</summary>
    public int KeyBatch { get; init; } = 1;

    /// <summary>How long an asynchronous batch of keys waits to be full.</summary>
    public double KeyDeadlineMilliseconds { get; init; } = 20;

    /// <summary>Encoders; 0 = one per lane. In lockstep each computes a part of the batch.</summary>
    public int Encoders { get; init; }

    public int KeyEncoders { get; init; }

    public int Augmenters { get; init; } = 1;

    public int ParameterShards { get; init; } = 1;

    public int NegativeShards { get; init; } = 1;

    /// <summary>Members of every shard: with 2, the death of a silo undoes no update.</summary>
    public int Replicas { get; init; } = 1;

    /// <summary>Silos that the run waits for before it begins.</summary>
    public int MinimumSilos { get; init; } = 1;

    /// <summary>Batch norm splits of each encoder's part of the batch.</summary>
    public int BatchNormSplits { get; init; } = 1;

    public ulong Seed { get; init; } = 1;

    /// <summary>A file (.safetensors, .pt) with torchvision's names, whose weights the encoder starts from; null = the seed's.</summary>
    public string? InitialWeights { get; init; }

    /// <summary>Epochs between two quick kNN evaluations while the run goes on; 0 = only at the end.</summary>
    public int EvaluateEpochs { get; init; } = 1;

    /// <summary>Which network is judged: query, or key (the moving average, with the query's batch-norm moments).</summary>
    public string Evaluate { get; init; } = "query";

    /// <summary>Epochs between two checkpoints; 0 = only at the end and on Ctrl-C.</summary>
    public double CheckpointEpochs { get; init; } = 1;

    /// <summary>Checkpoints that are kept, the newest ones.</summary>
    public int CheckpointsKept { get; init; } = 3;
}
