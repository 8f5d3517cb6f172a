using System.Text.Json.Serialization;

namespace OrleansContrastive.Data.Augmentation;

/// <summary>
/// How views are made from an image: random resized crop, flip, colour jitter, grayscale, blur, solarize, normalize, with
/// torchvision's meaning of every number. Immutable; equal where all values are equal; plain JSON by System.Text.Json.
/// Published recipes: <see cref="AugmentationPresets"/>.
/// </summary>
public sealed record AugmentationRecipe
{
    /// <summary>The width and height of a view, in pixels.</summary>
    public required int Size { get; init; }

    /// <summary>The least part of the image's area that a crop covers, in (0, 1].</summary>
    public double ScaleMin { get; init; } = 0.08;

    /// <summary>The greatest part of the image's area that a crop covers, in (0, 1].</summary>
    public double ScaleMax { get; init; } = 1;

    /// <summary>The least ratio of a crop's width to its height, above 0.</summary>
    public double RatioMin { get; init; } = 3.0 / 4.0;

    /// <summary>The greatest ratio of a crop's width to its height.</summary>
    public double RatioMax { get; init; } = 4.0 / 3.0;

    /// <summary>The chance of a mirrored view.</summary>
    public double Flip { get; init; } = 0.5;

    /// <summary>The colour jitter.</summary>
    public ColorJitter Jitter { get; init; } = ColorJitter.None;

    /// <summary>The chance of a grey view; without effect on one channel.</summary>
    public double GrayscaleProbability { get; init; }

    /// <summary>Whether grayscale comes before the jitter (MoCo v1, InstDisc), not after it.</summary>
    public bool GrayscaleFirst { get; init; }

    /// <summary>The chance of a Gaussian blur.</summary>
    public double BlurProbability { get; init; }

    /// <summary>The least standard deviation of the blur, in pixels of the view, above 0.</summary>
    public double BlurSigmaMin { get; init; } = 0.1;

    /// <summary>The greatest standard deviation of the blur, in pixels of the view.</summary>
    public double BlurSigmaMax { get; init; } = 2;

    /// <summary>The width of the blur's kernel, odd, in pixels; 0 for a tenth of <see cref="Size"/>, as SimCLR (224: 23, 32: 3).</summary>
    public int BlurKernel { get; init; }

    /// <summary>The chance of solarization, which comes after the blur.</summary>
    public double SolarizeProbability { get; init; }

    /// <summary>Values at or above this are inverted by solarization, in [0, 1].</summary>
    public double SolarizeThreshold { get; init; } = 0.5;

    /// <summary>What is subtracted from each channel, one value or one a channel, where pixels lie in [0, 1].</summary>
    public float[] Mean { get; init; } = [0];

    /// <summary>What each channel is divided by afterwards, one value or one a channel, above 0.</summary>
    public float[] Std { get; init; } = [1];

    /// <summary>
    /// For the plain view: the length to which the shorter side is resized before the centre crop, at least
    /// <see cref="Size"/>; 0 for <see cref="Size"/> itself.
    /// </summary>
    public int PlainShorterSide { get; init; }

    /// <summary>The width of the blur's kernel after the rule of <see cref="BlurKernel"/>.</summary>
    [JsonIgnore]
    public int EffectiveBlurKernel => BlurKernel != 0 ? BlurKernel : (2 * (Size / 10 / 2)) + 1;

    /// <summary>The shorter side of a plain view after the rule of <see cref="PlainShorterSide"/>.</summary>
    [JsonIgnore]
    public int EffectivePlainShorterSide => PlainShorterSide != 0 ? PlainShorterSide : Size;

    /// <summary>
    /// The same recipe for images of so many channels: per-channel means and deviations that do not fit are averaged to one.
    /// </summary>
    /// <param name="channels">1 or 3.</param>
    public AugmentationRecipe ForChannels(int channels) =>
        Fits(Mean, channels) && Fits(Std, channels) ? this : this with { Mean = Average(Mean), Std = Average(Std) };

    /// <summary>What is wrong with the recipe: one sentence for each value out of range; empty where it is usable.</summary>
    public IReadOnlyList<string> Problems() => RecipeRules.Check(this);

    /// <inheritdoc/>
    public bool Equals(AugmentationRecipe? other) =>
        other is not null && Scalars == other.Scalars && Mean.AsSpan().SequenceEqual(other.Mean)
        && Std.AsSpan().SequenceEqual(other.Std);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Scalars, Mean.Length, Std.Length);

    // The arrays would compare by reference, so equality is written here and everything else takes part by this.
    private (int, double, double, double, double, double, ColorJitter, double, bool, double, double, double, int, double,
        double, int) Scalars => (Size, ScaleMin, ScaleMax, RatioMin, RatioMax, Flip, Jitter, GrayscaleProbability,
            GrayscaleFirst, BlurProbability, BlurSigmaMin, BlurSigmaMax, BlurKernel, SolarizeProbability,
            SolarizeThreshold, PlainShorterSide);

    internal static bool Fits(float[] values, int channels) => values.Length == 1 || values.Length == channels;

    private static float[] Average(float[] values) => values.Length <= 1 ? values : [values.Average()];
}
