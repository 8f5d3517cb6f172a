using System.Buffers;
using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Native = OrleansContrastive.Offline.Imaging.TurboJpegNative;

namespace OrleansContrastive.Offline.Imaging;

/// <summary>
/// JPEG by libjpeg-turbo's TurboJPEG functions, whose error path stays inside the library. Decodes at 1, 1/2, 1/4 or 1/8
/// of the size within the codec. CMYK follows Adobe's inverted convention. EXIF orientation is not applied.
/// </summary>
public sealed unsafe class JpegCodec : IImageCodec
{
    private static readonly NativeCodecLibrary Library = NativeCodecLibrary.Register(
        Native.Library,
        "JPEG",
        "libturbojpeg0",
        "libturbojpeg.so.0",
        "libturbojpeg.so",
        "libturbojpeg.0.dylib",
        "libturbojpeg.dylib",
        "turbojpeg.dll");

    // What the library complains about although every pixel is right.
    private static readonly string[] Harmless =
    [
        "extraneous bytes before marker",
        "unknown JFIF revision",
        "Unknown Adobe color transform",
        "bad ICC marker",
        "Invalid SOS parameters",
    ];

    // A decompressor serves one call at a time and is costly to make.
    private static readonly ConcurrentBag<Decompressor> Idle = [];

    /// <summary>The codec; it has no state of its own.</summary>
    public static JpegCodec Instance { get; } = new();

    private JpegCodec()
    {
    }

    /// <inheritdoc/>
    public string Name => "jpeg";

    /// <inheritdoc/>
    public bool IsAvailable => Library.IsAvailable;

    /// <inheritdoc/>
    public bool Recognises(ReadOnlySpan<byte> file) => file is [0xff, 0xd8, 0xff, ..];

    /// <inheritdoc/>
    public ImageHeader ReadHeader(ReadOnlySpan<byte> file, int minimumSize)
    {
        using var decompressor = Decompressor.Take();
        var (width, height, _) = decompressor.ReadHeader(file);
        decompressor.GiveBack();

        var shift = 0;
        while (shift < 3 && minimumSize > 0 && Scaled(Math.Min(width, height), shift + 1) >= minimumSize)
            shift++;
        return new ImageHeader(width, height, Scaled(width, shift), Scaled(height, shift));
    }

    /// <inheritdoc/>
    public void Decode(ReadOnlySpan<byte> file, in ImageHeader header, int channels, Span<byte> target)
    {
        var (width, height) = (header.DecodedWidth, header.DecodedHeight);
        ArgumentOutOfRangeException.ThrowIfNotEqual(target.Length, width * height * channels);
        using var decompressor = Decompressor.Take();
        var colourSpace = decompressor.ReadHeader(file).ColourSpace;
        if (colourSpace is Native.ColourSpaceCmyk or Native.ColourSpaceYcck)
            DecodeBetween(decompressor, file, width, height, Native.Cmyk, 4, target);
        else if (channels == 1 && colourSpace != Native.ColourSpaceGrey)
            DecodeBetween(decompressor, file, width, height, Native.Rgb, 3, target);
        else
            decompressor.Decode(file, width, height, channels == 1 ? Native.Grey : Native.Rgb, target);
        decompressor.GiveBack();
    }

    // Decodes to a buffer in between, since the library does not convert to the wanted pixels (or, for grey, would take
    // the file's own luma, which is not the luma of the clipped colours).
    private static void DecodeBetween(
        Decompressor decompressor,
        ReadOnlySpan<byte> file,
        int width,
        int height,
        int format,
        int formatChannels,
        Span<byte> target)
    {
        var length = width * height * formatChannels;
        var rented = ArrayPool<byte>.Shared.Rent(length);
        try
        {
            var pixels = rented.AsSpan(0, length);
            decompressor.Decode(file, width, height, format, pixels);
            if (format == Native.Cmyk)
                FromInvertedCmyk(pixels, target.Length / (width * height), target);
            else
                Luma.FromRgb(pixels, target);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }

    private static int Scaled(int size, int shift) => size + (1 << shift) - 1 >> shift;

    // The library's error code does not tell a warning from an error that came after one, so the text decides.
    private static void RefuseUnlessHarmless(nint handle)
    {
        var text = Marshal.PtrToStringUTF8((nint)Native.GetErrorText(handle)) ?? "no reason given";
        foreach (var warning in Harmless)
        {
            if (text.Contains(warning, StringComparison.Ordinal))
                return;
        }

        throw new CodecException("jpeg", text);
    }

    private static void FromInvertedCmyk(ReadOnlySpan<byte> cmyk, int channels, Span<byte> target)
    {
        for (int i = 0, at = 0; at < target.Length; i += 4, at += channels)
        {
            var key = cmyk[i + 3];
            var (red, green, blue) = (Ink(cmyk[i], key), Ink(cmyk[i + 1], key), Ink(cmyk[i + 2], key));
            if (channels == 1)
                target[at] = Luma.Of(red, green, blue);
            else
                (target[at], target[at + 1], target[at + 2]) = (red, green, blue);
        }

        // key - (255 - ink) * key / 255, the quotient rounded.
        static byte Ink(int ink, int key)
        {
            var product = (255 - ink) * key + 128;
            return (byte)(key - ((product >> 8) + product >> 8));
        }
    }

    /// <summary>
    /// A decompressor on loan. It goes back only after calls that went well: an error leaves the library within a file, and
    /// the next one would be read on from there.
    /// </summary>
    private sealed class Decompressor : IDisposable
    {
        private readonly DecompressorHandle _handle = new();
        private bool _isSound;

        private nint Handle => _handle.DangerousGetHandle();

        public static Decompressor Take()
        {
            Library.Require();
            if (!Idle.TryTake(out var decompressor))
                return new Decompressor();
            decompressor._isSound = false;
            return decompressor;
        }

        public (int Width, int Height, int ColourSpace) ReadHeader(ReadOnlySpan<byte> file)
        {
            int width, height, subsampling, colourSpace;
            fixed (byte* bytes = file)
            {
                var length = new CULong((nuint)file.Length);
                if (Native.DecompressHeader(Handle, bytes, length, &width, &height, &subsampling, &colourSpace) != 0)
                    RefuseUnlessHarmless(Handle);
            }

            if (width < 1 || height < 1)
                throw new CodecException("jpeg", $"a size of {width} x {height}");
            return (width, height, colourSpace);
        }

        public void Decode(ReadOnlySpan<byte> file, int width, int height, int format, Span<byte> target)
        {
            var pitch = target.Length / height;
            fixed (byte* bytes = file)
            fixed (byte* pixels = target)
            {
                var length = new CULong((nuint)file.Length);
                if (Native.Decompress(
                    Handle, bytes, length, pixels, width, pitch, height, format, Native.FlagLimitScans) != 0)
                {
                    RefuseUnlessHarmless(Handle);
                }
            }
        }

        public void GiveBack() => _isSound = true;

        public void Dispose()
        {
            if (_isSound)
                Idle.Add(this);
            else
                _handle.Dispose();
        }
    }

    private sealed class DecompressorHandle : SafeHandleZeroOrMinusOneIsInvalid
    {
        public DecompressorHandle() : base(ownsHandle: true)
        {
            SetHandle(Native.InitDecompress());
            if (IsInvalid)
                throw new CodecException("jpeg", "the decompressor cannot be made");
        }

        protected override bool ReleaseHandle() => Native.Destroy(handle) == 0;
    }
}
