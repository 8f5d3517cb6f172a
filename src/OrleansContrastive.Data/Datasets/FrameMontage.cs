using OrleansContrastive.Data.Augmentation;

namespace OrleansContrastive.Data.Datasets;

/// <summary>Puts frames two by two into an image, row by row, each the middle square of its own, resized as views are. Reused; not thread-safe.</summary>
internal sealed class FrameMontage(int side, int channels)
{
    private readonly int _stride = (side + 7) / 8 * 8;
    private readonly CropResizer _resizer = new(channels, (side + 7) / 8 * 8);
    private readonly float[] _planes = new float[channels * side * ((side + 7) / 8 * 8)];

    /// <summary>Where frames are decoded to.</summary>
    public PixelBuffer Frame { get; } = new();

    /// <summary>Puts <see cref="Frame"/> into a place of an image of twice the side.</summary>
    /// <param name="place">0 to 3.</param>
    /// <param name="target">An image of twice the side.</param>
    public void Place(int place, PixelBuffer target)
    {
        var square = Math.Min(Frame.Width, Frame.Height);
        _resizer.Begin(Frame.Width, (Frame.Width - square) / 2, (Frame.Height - square) / 2, square, square, side, side, 0, 0, side, flip: false);
        _resizer.Next(Frame.Pixels, side, _planes, 0, side * _stride);
        var pixels = target.Pixels;
        for (var y = 0; y < side; y++)
        {
            var at = ((((place / 2 * side) + y) * 2 * side) + (place % 2 * side)) * channels;
            for (var x = 0; x < side; x++)
            {
                for (var channel = 0; channel < channels; channel++)
                    pixels[at++] = (byte)Math.Clamp((_planes[(((channel * side) + y) * _stride) + x] * byte.MaxValue) + 0.5f, 0, byte.MaxValue);
            }
        }
    }
}
