namespace OrleansContrastive.Data.Datasets;

/// <summary>Which images are wanted. Plain data: it can be written into a run's specification.</summary>
public sealed record DatasetRequest
{
    /// <summary>A name of <see cref="DatasetCatalog.Names"/>, or <c>auto</c> to recognise what lies at
    /// <see cref="DataPath"/>.</summary>
    public required string Name { get; init; }

    /// <summary>
    /// <c>train</c> or <c>test</c> (STL-10 also <c>unlabeled</c> and <c>train+unlabeled</c>), optionally with a range of
    /// positions: <c>train[:50000]</c>, <c>train[50000:]</c>.
    /// </summary>
    public string Split { get; init; } = "train";

    /// <summary>The folder that holds the files; null takes the cache (<see cref="DatasetCache"/>).</summary>
    public string? DataPath { get; init; }

    /// <summary>Take only this many images, evenly spread over the split; null takes all.</summary>
    public int? Limit { get; init; }

    /// <summary>Channels that a folder of images or sequences is decoded to, 1 or 3. The other formats have their own.</summary>
    public int Channels { get; init; } = 3;

    /// <summary>
    /// For an image folder: the shorter side, in pixels, that is still enough. JPEG files are then decoded at the
    /// smallest codec scale that keeps it. 0 decodes in full size.
    /// </summary>
    public int MinimumSize { get; init; }

    /// <summary>Of <c>image-sequences</c>: the side of a frame in pixels; an image has twice that.</summary>
    public int FrameSize { get; init; } = 32;

    /// <summary>Of <c>image-sequences</c>: which frames an image shows.</summary>
    public FrameSpacing Frames { get; init; }

    /// <summary>What the <c>synthetic</c> sets look like; the other formats ignore it.</summary>
    public SyntheticOptions Synthetic { get; init; } = new();
}
