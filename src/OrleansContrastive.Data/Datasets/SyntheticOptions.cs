namespace OrleansContrastive.Data.Datasets;

/// <summary>What the synthetic sets look like.</summary>
public sealed record SyntheticOptions
{
    /// <summary>Number of classes, 1 to 256; of sequences at most 60, of signals 25.</summary>
    public int Classes { get; init; } = 10;

    /// <summary>Width and height in pixels, 4 to 4,096; of sequences even and 8 or more.</summary>
    public int Size { get; init; } = 32;

    /// <summary>1 or 3; signals have 1.</summary>
    public int Channels { get; init; } = 3;

    /// <summary>Images of the training split.</summary>
    public int TrainCount { get; init; } = 10_000;

    /// <summary>Images of the test split.</summary>
    public int TestCount { get; init; } = 2_000;

    /// <summary>Another seed gives other images of the same classes.</summary>
    public ulong Seed { get; init; }

    /// <summary>Largest deviation that pixel noise adds, in grey levels, 0 to 127.</summary>
    public int Noise { get; init; } = 24;
}
