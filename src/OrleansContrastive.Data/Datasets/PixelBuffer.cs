namespace OrleansContrastive.Data.Datasets;

/// <summary>
/// One 8-bit image, rows from the top, channels interleaved (HWC). Made to be reused: it grows and never shrinks, so a
/// thread that keeps one does not allocate per image. Not thread-safe.
/// </summary>
public sealed class PixelBuffer
{
    private byte[] _bytes = [];

    /// <summary>Columns, in pixels.</summary>
    public int Width { get; private set; }

    /// <summary>Rows, in pixels.</summary>
    public int Height { get; private set; }

    /// <summary>Values per pixel: 1 (grey) or 3 (red, green, blue).</summary>
    public int Channels { get; private set; }

    /// <summary>The image, <c>Height x Width x Channels</c> bytes. Invalid after the next <see cref="Resize"/>.</summary>
    public Span<byte> Pixels => _bytes.AsSpan(0, Width * Height * Channels);

    /// <summary>Sets the shape. What <see cref="Pixels"/> holds afterwards is undefined.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A size below 1, channels that are neither 1 nor 3, or an image of
    /// more bytes than an array can hold.</exception>
    public void Resize(int width, int height, int channels)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        if (channels is not (1 or 3))
            throw new ArgumentOutOfRangeException(nameof(channels), channels, "An image has 1 or 3 channels.");
        var length = (long)width * height * channels;
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, Array.MaxLength, nameof(width));

        if (length > _bytes.Length)
            _bytes = GC.AllocateUninitializedArray<byte>((int)length);
        (Width, Height, Channels) = (width, height, channels);
    }
}
