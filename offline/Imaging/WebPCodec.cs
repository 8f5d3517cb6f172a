using System.Buffers;
using Native = OrleansContrastive.Offline.Imaging.WebPNative;

namespace OrleansContrastive.Offline.Imaging;

/// <summary>WebP by libwebp, lossy and lossless; animations are not decoded.</summary>
public sealed unsafe class WebPCodec : IImageCodec
{
    private static readonly NativeCodecLibrary Library = NativeCodecLibrary.Register(
        Native.Library,
        "WebP",
        "libwebp7",
        "libwebp.so.7",
        "libwebp.so",
        "libwebp.7.dylib",
        "libwebp.dylib",
        "libwebp.dll");

    /// <summary>The codec; it has no state.</summary>
    public static WebPCodec Instance { get; } = new();

    private WebPCodec()
    {
    }

    /// <inheritdoc/>
    public string Name => "webp";

    /// <inheritdoc/>
    public bool IsAvailable => Library.IsAvailable;

    /// <inheritdoc/>
    public bool Recognises(ReadOnlySpan<byte> file) =>
        file.Length >= 12 && file[..4].SequenceEqual("RIFF"u8) && file[8..12].SequenceEqual("WEBP"u8);

    /// <inheritdoc/>
    public ImageHeader ReadHeader(ReadOnlySpan<byte> file, int minimumSize)
    {
        Library.Require();
        Native.Features features;
        int status;
        fixed (byte* bytes = file)
            status = Native.GetFeatures(bytes, (nuint)file.Length, &features, Native.DecoderAbi);
        if (status != 0)
            throw new CodecException("webp", Explain(status));
        if (features.HasAnimation != 0)
            throw new CodecException("webp", "an animation", isUnsupported: true);
        return new ImageHeader(features.Width, features.Height);
    }

    /// <inheritdoc/>
    public void Decode(ReadOnlySpan<byte> file, in ImageHeader header, int channels, Span<byte> target)
    {
        Library.Require();
        var pixelCount = header.Width * header.Height;
        ArgumentOutOfRangeException.ThrowIfNotEqual(target.Length, pixelCount * channels);
        if (channels == 3)
        {
            DecodeRgb(file, header.Width, target);
            return;
        }

        var rgb = ArrayPool<byte>.Shared.Rent(3 * pixelCount);
        try
        {
            DecodeRgb(file, header.Width, rgb.AsSpan(0, 3 * pixelCount));
            Luma.FromRgb(rgb, target);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rgb);
        }
    }

    private static void DecodeRgb(ReadOnlySpan<byte> file, int width, Span<byte> target)
    {
        fixed (byte* bytes = file)
        fixed (byte* pixels = target)
        {
            if (Native.DecodeRgb(bytes, (nuint)file.Length, pixels, (nuint)target.Length, 3 * width) == null)
                throw new CodecException("webp", "the pixel data is broken or ends early");
        }
    }

    // VP8StatusCode
    private static string Explain(int status) => status switch
    {
        1 => "out of memory",
        2 => "an invalid parameter",
        3 => "a broken bit stream",
        4 => "an unsupported feature",
        7 => "not enough data",
        _ => $"status {status}",
    };
}
