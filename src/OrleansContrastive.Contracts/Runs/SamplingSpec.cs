using Orleans;

namespace OrleansContrastive.Contracts.Runs;

/// <summary>Which negatives count and how much.</summary>
[GenerateSerializer, Immutable, Alias("oc.sampling-spec")]
public sealed record SamplingSpec
{
    /// <summary>The strategy.</summary>
    [Id(0)] public SamplingKind Kind { get; init; }

    /// <summary>Rows drawn (for <see cref="SamplingKind.Noise"/> per query), in the window, hardest, or hardest to make others of (N_h), of all shards together.</summary>
    [Id(1)] public int Rows { get; init; } = 256;

    /// <summary>β of <see cref="SamplingKind.Reweighted"/>; above 0.</summary>
    [Id(2)] public double Beta { get; init; } = 1;

    /// <summary>τ⁺ of debiased and reweighted: chance that a row is of the query's class; in [0, 1).</summary>
    [Id(3)] public double ClassPrior { get; init; } = 0.1;

    /// <summary>s of <see cref="SamplingKind.Mixed"/>: rows mixed of two hard ones.</summary>
    [Id(4)] public int MixedPairs { get; init; } = 256;

    /// <summary>s' of <see cref="SamplingKind.Mixed"/>: rows mixed with the query.</summary>
    [Id(5)] public int MixedWithQuery { get; init; } = 32;

    /// <summary>What <see cref="SamplingKind.Synthetic"/> makes.</summary>
    [Id(6)] public SyntheticSpec Synthetic { get; init; } = new();

    /// <summary>Epochs in which <see cref="SamplingKind.Mixed"/> and <see cref="SamplingKind.Synthetic"/> make no rows yet and take all that there are; 0 or more. A lease's
    /// place among all leases decides, in every consistency mode and wherever the rows are.</summary>
    [Id(7)] public double MixAfterEpochs { get; init; }
}

/// <summary>Rows that SynCo's six generators make of a query and its hardest rows, of all shards together.</summary>
[GenerateSerializer, Immutable, Alias("oc.synthetic-spec")]
public sealed record SyntheticSpec
{
    /// <summary>Between the query and a hard row.</summary>
    [Id(0)] public int Interpolated { get; init; } = 256;

    /// <summary>Beyond a hard row, seen from the query.</summary>
    [Id(1)] public int Extrapolated { get; init; } = 256;

    /// <summary>Between two hard rows.</summary>
    [Id(2)] public int Mixed { get; init; } = 256;

    /// <summary>Hard rows with noise.</summary>
    [Id(3)] public int Noisy { get; init; } = 64;

    /// <summary>Hard rows moved along the gradient of their similarity.</summary>
    [Id(4)] public int Gradient { get; init; } = 64;

    /// <summary>Hard rows moved along the signs of that gradient.</summary>
    [Id(5)] public int Adversarial { get; init; } = 64;

    /// <summary>σ of the noise; 0 or more.</summary>
    [Id(6)] public double Noise { get; init; } = 0.01;

    /// <summary>δ of the step along the gradient; 0 or more.</summary>
    [Id(7)] public double Step { get; init; } = 0.01;

    /// <summary>η of the step along its signs; 0 or more.</summary>
    [Id(8)] public double Sign { get; init; } = 0.01;
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

    /// <summary>Noise-contrastive estimation against a bank (Wu et al. 2018), with Z as a moving average.</summary>
    Noise = 7,

    /// <summary>Synthetic rows of six kinds are made of the hardest (Giakoumoglou and Stathaki 2024, SynCo).</summary>
    Synthetic = 8,
}
