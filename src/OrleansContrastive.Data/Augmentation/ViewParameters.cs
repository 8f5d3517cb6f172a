namespace OrleansContrastive.Data.Augmentation;

/// <summary>
/// Everything that was drawn for one view. Start from <see cref="Whole"/>: the default value has a zero crop and is refused.
/// </summary>
public readonly record struct ViewParameters
{
    /// <summary>The crop's left column, in pixels of the image.</summary>
    public int CropX { get; init; }

    /// <summary>The crop's top row, in pixels of the image.</summary>
    public int CropY { get; init; }

    /// <summary>The crop's width, in pixels of the image.</summary>
    public int CropWidth { get; init; }

    /// <summary>The crop's height, in pixels of the image.</summary>
    public int CropHeight { get; init; }

    /// <summary>Whether the view is mirrored left to right.</summary>
    public bool Flip { get; init; }

    /// <summary>The order of the four jitter operations.</summary>
    public JitterOrder Order { get; init; }

    /// <summary>The brightness factor, at least 0; 1 changes nothing.</summary>
    public float Brightness { get; init; }

    /// <summary>The contrast factor, at least 0; 1 changes nothing.</summary>
    public float Contrast { get; init; }

    /// <summary>The saturation factor, at least 0; 1 changes nothing.</summary>
    public float Saturation { get; init; }

    /// <summary>The shift of hue in turns, in [−0.5, 0.5]; 0 changes nothing.</summary>
    public float Hue { get; init; }

    /// <summary>Whether the view becomes grey.</summary>
    public bool Grayscale { get; init; }

    /// <summary>The standard deviation of the Gaussian blur, in pixels of the view; 0 for none.</summary>
    public float BlurSigma { get; init; }

    /// <summary>Whether values at or above the recipe's threshold are inverted.</summary>
    public bool Solarize { get; init; }

    /// <summary>The whole image, only resized.</summary>
    /// <param name="width">The image's width, in pixels.</param>
    /// <param name="height">The image's height, in pixels.</param>
    public static ViewParameters Whole(int width, int height) => new()
    {
        CropWidth = width,
        CropHeight = height,
        Order = JitterOrder.Usual,
        Brightness = 1,
        Contrast = 1,
        Saturation = 1,
    };

    /// <summary>Refuses what would read outside the image or has no meaning.</summary>
    internal void ThrowIfOutOfRange(int width, int height)
    {
        if (CropWidth < 1 || CropHeight < 1 || CropX < 0 || CropY < 0
            || CropX > width - CropWidth || CropY > height - CropHeight)
        {
            throw new ArgumentException(
                $"The crop must lie in the image of {width} x {height} pixels, found {CropWidth} x {CropHeight} at column "
                + $"{CropX}, row {CropY}.");
        }

        if (((1 << (int)Order.First) | (1 << (int)Order.Second) | (1 << (int)Order.Third) | (1 << (int)Order.Fourth)) != 0b1111)
            throw new ArgumentException($"The jitter order must name each operation once, found {Order}.");
        RequireFactor(Brightness, nameof(Brightness));
        RequireFactor(Contrast, nameof(Contrast));
        RequireFactor(Saturation, nameof(Saturation));
        RequireFactor(BlurSigma, nameof(BlurSigma));
        if (Hue is not (>= -0.5f and <= 0.5f))
            throw new ArgumentException(FormattableString.Invariant($"Hue must be in [-0.5, 0.5], found {Hue}."));
    }

    private static void RequireFactor(float value, string name)
    {
        if (value is not (>= 0 and < float.PositiveInfinity))
            throw new ArgumentException(FormattableString.Invariant($"{name} must be at least 0 and finite, found {value}."));
    }
}
