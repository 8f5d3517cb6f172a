namespace OrleansContrastive.Learning.Random;

/// <summary>
/// What a random stream is for, so that streams under one seed are independent. The numbers are part of what a seed means:
/// they are shared with the data side and never reused.
/// </summary>
/// <remarks>1, 2 and 7 are the data side's. The gaps mean nothing and are free for new purposes; a number that is in use stays as it is, since another one would change every draw.</remarks>
internal static class RandomPurpose
{
    /// <summary>The permutation of keys before their batch norm.</summary>
    public const uint KeyPermutation = 3;

    /// <summary>The random unit rows with which a queue may start.</summary>
    public const uint QueueInitialisation = 4;

    /// <summary>The initial weights of encoders and heads.</summary>
    public const uint WeightInitialisation = 5;

    /// <summary>The random unit rows with which a memory bank starts.</summary>
    public const uint BankInitialisation = 6;

    /// <summary>The choice of negatives.</summary>
    public const uint NegativeSampling = 8;

    /// <summary>The noise samples of noise-contrastive estimation.</summary>
    public const uint NoiseSampling = 9;

    /// <summary>Mixing factors.</summary>
    public const uint Regularisation = 10;

    /// <summary>Rotations, patch orders and whatever else a pretext task is about.</summary>
    public const uint Pretext = 12;

    /// <summary>The choice of triplets.</summary>
    public const uint Mining = 20;

    /// <summary>The split of a data set into parts.</summary>
    public const uint DatasetSplit = 11;

    /// <summary>The small disorder from which a map of rows starts.</summary>
    public const uint Map = 30;

    /// <summary>Order and disturbances of an evaluation.</summary>
    public const uint Evaluation = 24;
}
