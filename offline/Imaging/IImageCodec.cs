namespace OrleansContrastive.Offline.Imaging;

/// <summary>One image format. Every member is safe to call from several threads at once.</summary>
public interface IImageCodec
{
    /// <summary>Short name, as <c>jpeg</c>.</summary>
    string Name { get; }

    /// <summary>Whether the code behind it is on this machine.</summary>
    bool IsAvailable { get; }

    /// <summary>Whether a file begins as this format does.</summary>
    bool Recognises(ReadOnlySpan<byte> file);

    /// <summary>Reads the size from the header alone; allocates nothing that depends on it.</summary>
    /// <param name="file">The whole file.</param>
    /// <param name="minimumSize">The shorter side that is still enough: a codec that can decode in a smaller scale takes
    /// the smallest that keeps it. 0 asks for the full size.</param>
    /// <exception cref="CodecException">Not this format, or a broken header.</exception>
    /// <exception cref="CodecMissingException">The native library is not installed.</exception>
    ImageHeader ReadHeader(ReadOnlySpan<byte> file, int minimumSize);

    /// <summary>Decodes into rows from the top, channels interleaved.</summary>
    /// <param name="file">The whole file.</param>
    /// <param name="header">What <see cref="ReadHeader"/> said of it.</param>
    /// <param name="channels">1 (luma, ITU-R 601) or 3 (red, green, blue). Transparency is dropped.</param>
    /// <param name="target">DecodedHeight x DecodedWidth x channels bytes.</param>
    /// <exception cref="CodecException">Broken content.</exception>
    void Decode(ReadOnlySpan<byte> file, in ImageHeader header, int channels, Span<byte> target);
}

/// <summary>What a header says of an image.</summary>
/// <param name="Width">Full width in pixels.</param>
/// <param name="Height">Full height in pixels.</param>
/// <param name="DecodedWidth">Width that decoding will give.</param>
/// <param name="DecodedHeight">Height that decoding will give.</param>
public readonly record struct ImageHeader(int Width, int Height, int DecodedWidth, int DecodedHeight)
{
    /// <summary>An image that is decoded in full size.</summary>
    public ImageHeader(int width, int height) : this(width, height, width, height)
    {
    }
}
