using OrleansContrastive.Data.Datasets;

namespace OrleansContrastive.Data.Decoding;

/// <summary>Turns the bytes of an image file into pixels. Thread-safe.</summary>
public interface IImageDecoder
{
    /// <summary>Which libraries decode, as <c>turbojpeg+spng+webp+bmp</c>: part of what makes two nodes' pixels equal.</summary>
    string Name { get; }

    /// <summary>Whether a file begins like one of the formats that this decoder reads.</summary>
    bool Recognises(ReadOnlySpan<byte> file);

    /// <summary>Decodes one image. The size is checked in the header, before anything is allocated for it.</summary>
    /// <param name="file">The whole file.</param>
    /// <param name="target">Takes shape and pixels; undefined after an error.</param>
    /// <param name="options">Channels, limits, and the size that is enough.</param>
    /// <exception cref="ImageDecodingException">The file is broken, too large, or of a format that is not read here.</exception>
    void Decode(ReadOnlySpan<byte> file, PixelBuffer target, DecodeOptions options);
}
