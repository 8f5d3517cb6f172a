using System.ComponentModel;
using System.Text.Json.Nodes;

namespace OrleansContrastive.Cli.Recipes;

/// <summary>
/// Everything that a user may say about a run, with its default. A preset is a JSON object of these names; so are the
/// arguments of <c>--set</c>. Names are matched without case and dashes.
/// </summary>
internal sealed record TrainingRecipe
{
    [Description("What is trained: a name of 'contrastive methods'.")]
    public string Method { get; init; } = "moco-v2";

    [Description("Options of the method's own; --set takes them by their names too.")]
    public JsonObject? Options { get; init; }

    [Description("A name of 'contrastive datasets list', or auto: whatever format lies in the folder.")]
    public string Dataset { get; init; } = "fashion-mnist";

    [Description("Folder of the data set; null = the cache.")]
    public string? Data { get; init; }

    [Description("Training split, such as train or train[:50000].")]
    public string Split { get; init; } = "train";

    [Description("What kNN is judged on.")]
    public string TestSplit { get; init; } = "test";

    [Description("Of image-sequences: side of a frame in pixels; an image has twice that.")]
    public int FrameSize { get; init; } = 32;

    [Description("Of image-sequences: the four frames of an image, even (over the whole sequence) or consecutive.")]
    public string Frames { get; init; } = "even";

    [Description("Such as resnet8-w16, resnet18, resnet50, wrn-28-2, vit-tiny.")]
    public string Encoder { get; init; } = "resnet18";

    [Description("The projection head (none, linear, mlp, simclr-mlp, …); every method has its own by default.")]
    public string Head { get; init; } = "mlp";

    [Description("Width of the hidden layers of the head; 0 = that of the features.")]
    public int HiddenWidth { get; init; }

    [Description("Width of the embeddings.")]
    public int EmbeddingWidth { get; init; } = 128;

    [Description("auto, float32, bfloat16 or float64.")]
    public string Precision { get; init; } = "auto";

    [Description("Passes over the data set.")]
    public int Epochs { get; init; } = 10;

    [Description("Images of one update.")]
    public int Batch { get; init; } = 256;

    [Description("sgd, adamw, lars, lars-google, lars-lightly, lars-solo or larc.")]
    public string Optimizer { get; init; } = "sgd";

    [Description("Peak rate, of the batch as it is.")]
    public double LearningRate { get; init; } = 0.06;

    [Description("Of sgd, the LARS forms and larc.")]
    public double Momentum { get; init; } = 0.9;

    [Description("L2; decoupled in adamw.")]
    public double WeightDecay { get; init; } = 5e-4;

    [Description("Nesterov's form of the momentum.")]
    public bool Nesterov { get; init; }

    [Description("Biases and norm parameters take no weight decay.")]
    public bool ExcludeNormAndBias { get; init; }

    [Description("Weight decay at the end, reached by a cosine; null = constant.")]
    public double? WeightDecayEnd { get; init; }

    [Description("Of adamw.")]
    public double Beta1 { get; init; } = 0.9;

    [Description("Of adamw.")]
    public double Beta2 { get; init; } = 0.999;

    [Description("Of adamw and of the LARS forms that have one.")]
    public double Epsilon { get; init; } = 1e-8;

    [Description("η of LARS and LARC.")]
    public double TrustCoefficient { get; init; } = 0.001;

    [Description("lars-solo and larc: a tensor's own rate is no more than the run's.")]
    public bool TrustClip { get; init; }

    [Description("The longest that a tensor's gradient may be, in its Euclidean norm; 0 = no limit.")]
    public double GradientClip { get; init; }

    [Description("Parts of the network whose rate follows no schedule, such as predictor.")]
    public string[] FixedRateParts { get; init; } = [];

    [Description("cosine, step or constant.")]
    public string Schedule { get; init; } = "cosine";

    [Description("Where the cosine ends.")]
    public double FinalLearningRate { get; init; }

    [Description("Epochs of a linear warm-up.")]
    public double WarmUpEpochs { get; init; }

    [Description("Learning rate of the first update of a warm-up.")]
    public double WarmUpStart { get; init; }

    [Description("Epochs at which the schedule step multiplies by 0.1.")]
    public double[] StepEpochs { get; init; } = [];

    [Description("T of the loss.")]
    public double Temperature { get; init; } = 0.1;

    [Description("Rows of the memory queue, K.")]
    public int QueueLength { get; init; } = 4096;

    [Description("Share of the past in the key encoder, m, for each batch.")]
    public double KeyMomentum { get; init; } = 0.99;

    [Description("constant, or cosine: rises to keyMomentumEnd.")]
    public string KeyMomentumSchedule { get; init; } = "constant";

    [Description("Where the cosine of the key momentum ends.")]
    public double KeyMomentumEnd { get; init; } = 1;

    [Description("MoCo: both views are queries.")]
    public bool Symmetric { get; init; }

    [Description("Keys are encoded in a shuffled order, so that batch norm tells nothing.")]
    public bool ShuffleKeys { get; init; } = true;

    [Description("Rows of a query's own image are no negatives.")]
    public bool MaskOwnSample { get; init; } = true;

    [Description("The queue starts full of random rows, as in the release.")]
    public bool StartWithRandomRows { get; init; }

    [Description("Z of sampling=noise stays what the first step makes it.")]
    public bool FreezePartition { get; init; }

    [Description("mirror or shard.")]
    public string Negatives { get; init; } = "mirror";

    [Description("What the negatives are kept in: queue or bank; a bank is contrasted at the shards.")]
    public string Store { get; init; } = "queue";

    [Description("μ of a bank's rows.")]
    public double BankMomentum { get; init; } = 0.5;

    [Description("Which negatives count: all, uniform, recent, hardest, debiased, reweighted, mixed, noise (against a bank), or synco.")]
    public string Sampling { get; init; } = "all";

    [Description("Rows drawn, in the window, hardest, or to mix from; synco's paper has 1024.")]
    public int SamplingRows { get; init; } = 256;

    [Description("β of reweighted.")]
    public double Hardness { get; init; } = 1;

    [Description("τ⁺ of debiased and reweighted.")]
    public double ClassPrior { get; init; } = 0.1;

    [Description("s of mixed.")]
    public int MixedPairs { get; init; } = 256;

    [Description("s' of mixed.")]
    public int MixedWithQuery { get; init; } = 32;

    [Description("Epochs in which mixed and synco make no rows yet; fractions count. The papers have 10 to 15 of 200.")]
    public double MixAfterEpochs { get; init; }

    [Description("Rows of synco's six generators: interpolated, extrapolated, mixed, noisy, along the gradient, adversarial.")]
    public int[] SyncoRows { get; init; } = [256, 256, 256, 64, 64, 64];

    [Description("σ, δ and η of synco's last three.")]
    public double[] SyncoStrengths { get; init; } = [0.01, 0.01, 0.01];

    [Description("Name of the augmentation of both views; null = the method's own, or by the size of the images.")]
    public string? Augmentation { get; init; }

    [Description("Name of the augmentation of the key view where it differs.")]
    public string? KeyAugmentation { get; init; }

    [Description("Changes the augmentation's least crop area.")]
    public double? CropScaleMin { get; init; }

    [Description("The same of the key view where it differs.")]
    public double? KeyCropScaleMin { get; init; }

    [Description("Changes the augmentation's crop ratio to [1/x, x].")]
    public double? CropRatio { get; init; }

    [Description("Name of the augmentation of the small crops where it differs from the key view's.")]
    public string? LocalAugmentation { get; init; }

    [Description("Side of the small crops of methods that have some; 0 = three sevenths of the views'.")]
    public int LocalSize { get; init; }

    [Description("Least and greatest area of the small crops.")]
    public double[] LocalScale { get; init; } = [0.05, 0.14];

    [Description("Side of the views in pixels; 0 = the images' own, or the augmentation's where images differ.")]
    public int ImageSize { get; init; }

    [Description("lockstep, bounded or unbounded.")]
    public string Consistency { get; init; } = "lockstep";

    [Description("s of bounded: versions per encoder that a gradient may be old.")]
    public int StalenessBound { get; init; } = 4;

    [Description("What is done about stale gradients: none, inverse, delay-compensation or adaptive-delay-compensation.")]
    public string Correction { get; init; } = "none";

    [Description("λ of the delay compensations; 0 = 0.04, adaptive 2.")]
    public double Compensation { get; init; }

    [Description("How gradients and parameters travel: float32 or bfloat16.")]
    public string Wire { get; init; } = "float32";

    [Description("What is fetched for the next lease while one is computed: none, views, keys or weights; in lockstep views at most.")]
    public string Prefetch { get; init; } = "views";

    [Description("Who encodes keys: shared (momentum encoders) or local (every encoder its own).")]
    public string KeyEncoding { get; init; } = "shared";

    [Description("Leases that a momentum encoder encodes together, shuffled for batch norm; in lockstep more than 1 means a whole step.")]
    public int KeyBatch { get; init; } = 1;

    [Description("How long an asynchronous batch of keys waits to be full.")]
    public double KeyDeadlineMilliseconds { get; init; } = 20;

    [Description("Encoders; 0 = one per lane. In lockstep each computes a part of the batch.")]
    public int Encoders { get; init; }

    [Description("Momentum encoders; 0 = as many as encoders. A method without keys has none.")]
    public int KeyEncoders { get; init; }

    [Description("Augmentation workers.")]
    public int Augmenters { get; init; } = 1;

    [Description("Parts of the parameter server.")]
    public int ParameterShards { get; init; } = 1;

    [Description("Parts of the queue or bank.")]
    public int NegativeShards { get; init; } = 1;

    [Description("Members of every shard: with 2, the death of a silo undoes no update.")]
    public int Replicas { get; init; } = 1;

    [Description("Silos that the run waits for before it begins.")]
    public int MinimumSilos { get; init; } = 1;

    [Description("Batch norm splits of each encoder's part of the batch.")]
    public int BatchNormSplits { get; init; } = 1;

    [Description("Seed of everything that is drawn.")]
    public ulong Seed { get; init; } = 1;

    [Description("A file (.safetensors, .pt) with torchvision's names, whose weights the encoder starts from; null = the seed's.")]
    public string? InitialWeights { get; init; }

    [Description("Epochs between two quick kNN evaluations while the run goes on; 0 = only at the end.")]
    public int EvaluateEpochs { get; init; } = 1;

    [Description("Which network is judged: query, or key (the moving average, with the query's batch-norm moments).")]
    public string Evaluate { get; init; } = "query";

    [Description("Epochs between two checkpoints; 0 = only at the end and on Ctrl-C.")]
    public double CheckpointEpochs { get; init; } = 1;

    [Description("Checkpoints that are kept, the newest ones.")]
    public int CheckpointsKept { get; init; } = 3;
}
