namespace OrleansContrastive.Data.Decoding;

/// <summary>How an image is to be decoded, and how large it may be.</summary>
public sealed record DecodeOptions
{
    /// <summary>Colour, in full size, within the default limits.</summary>
    public static DecodeOptions Default { get; } = new();

    /// <summary>1 (luma, ITU-R 601) or 3 (red, green, blue). Transparency is dropped, as torchvision's loader does.</summary>
    public int Channels { get; init; } = 3;

    /// <summary>
    /// The shorter side, in pixels, that is still enough; 0 asks for the full size. A hint: codecs that can decode in a
    /// smaller scale (JPEG) take the smallest that keeps it, the others decode in full.
    /// </summary>
    public int MinimumSize { get; init; }

    /// <summary>Most pixels that an image may announce (default 2^26, a 200 MB image in colour).</summary>
    public long MaximumPixels { get; init; } = 1L << 26;

    /// <summary>Most bytes that a file may have (default 64 MiB).</summary>
    public long MaximumBytes { get; init; } = 64L << 20;
}
