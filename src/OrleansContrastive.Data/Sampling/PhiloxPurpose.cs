namespace OrleansContrastive.Data.Sampling;

/// <summary>
/// What a random stream is for. Streams of different purposes are independent under one seed, so that adding a draw in one
/// place changes nothing in another. The numbers are part of what a seed means: they are never reused.
/// </summary>
public static class PhiloxPurpose
{
    /// <summary>The order of the samples within an epoch.</summary>
    public const uint EpochOrder = 1;

    /// <summary>The parameters of one augmented view.</summary>
    public const uint Augmentation = 2;

    /// <summary>The permutation of keys before their batch norm (shuffled batch norm).</summary>
    public const uint KeyPermutation = 3;

    /// <summary>The random unit rows with which a queue may start.</summary>
    public const uint QueueInitialisation = 4;

    /// <summary>The initial weights of encoders and heads.</summary>
    public const uint WeightInitialisation = 5;

    /// <summary>The random unit rows with which a memory bank starts.</summary>
    public const uint BankInitialisation = 6;

    /// <summary>The pixels of synthetic data sets.</summary>
    public const uint Synthetic = 7;

    /// <summary>The choice of negatives.</summary>
    public const uint NegativeSampling = 8;

    /// <summary>The noise samples of noise-contrastive estimation.</summary>
    public const uint NoiseSampling = 9;

    /// <summary>Dropout masks and mixing factors.</summary>
    public const uint Regularisation = 10;

    /// <summary>The split of a data set into parts.</summary>
    public const uint DatasetSplit = 11;

    /// <summary>Rotations, patch orders and whatever else a pretext task is about; drawn where it is learned.</summary>
    public const uint Pretext = 12;

    /// <summary>The choice of triplets.</summary>
    public const uint Mining = 20;

    /// <summary>The small disorder from which a map of rows starts.</summary>
    public const uint Map = 30;

    /// <summary>Order and disturbances of an evaluation.</summary>
    public const uint Evaluation = 24;
}
