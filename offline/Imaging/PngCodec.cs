using System.Buffers;
using System.Runtime.InteropServices;
using Native = OrleansContrastive.Offline.Imaging.SpngNative;

namespace OrleansContrastive.Offline.Imaging;

/// <summary>PNG by libspng, of every colour type and depth; of 16-bit samples the high byte is kept.</summary>
public sealed unsafe class PngCodec : IImageCodec
{
    // Chunks beside the pixels (profiles, texts) are read and thrown away; what they unpack to is bounded.
    private const int MaximumChunk = 16 << 20;
    private const int MaximumChunkCache = 32 << 20;

    private static readonly NativeCodecLibrary Library = NativeCodecLibrary.Register(
        Native.Library, "PNG", "libspng0", "libspng.so.0", "libspng.so", "libspng.0.dylib", "libspng.dylib", "spng.dll");

    /// <summary>The codec; it has no state.</summary>
    public static PngCodec Instance { get; } = new();

    private PngCodec()
    {
    }

    /// <inheritdoc/>
    public string Name => "png";

    /// <inheritdoc/>
    public bool IsAvailable => Library.IsAvailable;

    /// <inheritdoc/>
    public bool Recognises(ReadOnlySpan<byte> file) => file is [0x89, 0x50, 0x4e, 0x47, ..];

    /// <inheritdoc/>
    public ImageHeader ReadHeader(ReadOnlySpan<byte> file, int minimumSize)
    {
        fixed (byte* bytes = file)
        {
            using var context = new Context(bytes, file.Length);
            var header = context.ReadHeader();
            return new ImageHeader(checked((int)header.Width), checked((int)header.Height));
        }
    }

    /// <inheritdoc/>
    public void Decode(ReadOnlySpan<byte> file, in ImageHeader header, int channels, Span<byte> target)
    {
        var pixelCount = header.Width * header.Height;
        ArgumentOutOfRangeException.ThrowIfNotEqual(target.Length, pixelCount * channels);
        fixed (byte* bytes = file)
        {
            using var context = new Context(bytes, file.Length);
            var found = context.ReadHeader();
            var alreadyGrey = found is { ColourType: Native.ColourGrey, BitDepth: <= 8 };
            if (channels == 3 || alreadyGrey)
            {
                context.Decode(target, channels == 3 ? Native.FormatRgb8 : Native.FormatGrey8);
                return;
            }

            var rgb = ArrayPool<byte>.Shared.Rent(3 * pixelCount);
            try
            {
                context.Decode(rgb.AsSpan(0, 3 * pixelCount), Native.FormatRgb8);
                Luma.FromRgb(rgb, target);
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(rgb);
            }
        }
    }

    private readonly ref struct Context : IDisposable
    {
        private readonly nint _context;

        public Context(byte* file, int length)
        {
            Library.Require();
            _context = Native.NewContext(0);
            if (_context == 0)
                throw new CodecException("png", "the decoder cannot be made");
            try
            {
                Check(Native.SetChunkLimits(_context, MaximumChunk, MaximumChunkCache));
                Check(Native.SetBuffer(_context, file, (nuint)length));
            }
            catch
            {
                Native.FreeContext(_context);
                throw;
            }
        }

        public Native.Header ReadHeader()
        {
            Native.Header header;
            Check(Native.GetHeader(_context, &header));
            return header;
        }

        public void Decode(Span<byte> target, int format)
        {
            fixed (byte* pixels = target)
                Check(Native.Decode(_context, pixels, (nuint)target.Length, format, 0));
        }

        public void Dispose() => Native.FreeContext(_context);

        private static void Check(int error)
        {
            if (error != 0)
                throw new CodecException("png", Marshal.PtrToStringUTF8((nint)Native.ErrorText(error)) ?? $"error {error}");
        }
    }
}
