namespace OrleansContrastive.Data.Augmentation;

/// <summary>
/// How far colours are jittered, as torchvision's <c>ColorJitter</c>: with <see cref="Probability"/>, all four operations
/// are applied in a random order. Zero switches an operation off.
/// </summary>
/// <param name="Brightness">The factor is uniform in [max(0, 1 − x), 1 + x].</param>
/// <param name="Contrast">The factor is uniform in [max(0, 1 − x), 1 + x].</param>
/// <param name="Saturation">The factor is uniform in [max(0, 1 − x), 1 + x]; without effect on one channel.</param>
/// <param name="Hue">The shift is uniform in [−x, x], in turns of the colour circle; without effect on one channel.</param>
/// <param name="Probability">The chance that a view is jittered at all.</param>
public sealed record ColorJitter(double Brightness, double Contrast, double Saturation, double Hue, double Probability = 1)
{
    /// <summary>No jitter.</summary>
    public static ColorJitter None { get; } = new(0, 0, 0, 0, 0);
}
