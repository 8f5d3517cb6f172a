using System.Numerics;
using static System.Buffers.Binary.BinaryPrimitives;

namespace OrleansContrastive.Offline.Imaging;

/// <summary>
/// Uncompressed Windows bitmaps: 1, 4 and 8 bits with a palette, 16 and 32 bits with or without masks, 24 bits; rows from
/// the bottom or from the top. Run-length and embedded formats are refused as unsupported.
/// </summary>
public sealed class BmpCodec : IImageCodec
{
    private const int FileHeader = 14;
    private const int CoreHeader = 12;
    private const int InfoHeader = 40;
    private const uint NoCompression = 0;
    private const uint BitFields = 3;
    private const uint AlphaBitFields = 6;

    /// <summary>The codec; it has no state.</summary>
    public static BmpCodec Instance { get; } = new();

    private BmpCodec()
    {
    }

    /// <inheritdoc/>
    public string Name => "bmp";

    /// <inheritdoc/>
    public bool IsAvailable => true;

    /// <inheritdoc/>
    public bool Recognises(ReadOnlySpan<byte> file) => file is [(byte)'B', (byte)'M', ..];

    /// <inheritdoc/>
    public ImageHeader ReadHeader(ReadOnlySpan<byte> file, int minimumSize)
    {
        var bitmap = Parse(file);
        return new ImageHeader(bitmap.Width, bitmap.Height);
    }

    /// <inheritdoc/>
    public void Decode(ReadOnlySpan<byte> file, in ImageHeader header, int channels, Span<byte> target)
    {
        var bitmap = Parse(file);
        ArgumentOutOfRangeException.ThrowIfNotEqual(target.Length, bitmap.Width * bitmap.Height * channels);
        var needed = bitmap.PixelOffset + (long)bitmap.Stride * bitmap.Height;
        if (needed > file.Length)
            throw Broken($"pixels up to byte {needed} announced, {file.Length} bytes in the file");

        for (var y = 0; y < bitmap.Height; y++)
        {
            var stored = bitmap.TopDown ? y : bitmap.Height - 1 - y;
            var source = file.Slice((int)(bitmap.PixelOffset + (long)stored * bitmap.Stride), bitmap.Stride);
            var row = target.Slice(y * bitmap.Width * channels, bitmap.Width * channels);
            for (var x = 0; x < bitmap.Width; x++)
            {
                var (red, green, blue) = Pixel(file, source, x, bitmap);
                if (channels == 1)
                    row[x] = Luma.Of(red, green, blue);
                else
                    (row[3 * x], row[3 * x + 1], row[3 * x + 2]) = (red, green, blue);
            }
        }
    }

    private static (byte Red, byte Green, byte Blue) Pixel(
        ReadOnlySpan<byte> file, ReadOnlySpan<byte> row, int x, in Bitmap bitmap)
    {
        switch (bitmap.Bits)
        {
            case 24:
                return (row[3 * x + 2], row[3 * x + 1], row[3 * x]);
            case 16:
            case 32:
                var value = bitmap.Bits == 16 ? ReadUInt16LittleEndian(row[(2 * x)..]) : ReadUInt32LittleEndian(row[(4 * x)..]);
                return (bitmap.Red.Of(value), bitmap.Green.Of(value), bitmap.Blue.Of(value));
            default:
                var bit = x * bitmap.Bits;
                var index = row[bit >> 3] >> 8 - bitmap.Bits - (bit & 7) & (1 << bitmap.Bits) - 1;
                if (index >= bitmap.Colours)
                    throw Broken($"colour {index} of a palette of {bitmap.Colours}");
                var at = bitmap.PaletteOffset + index * bitmap.PaletteEntry;
                return (file[at + 2], file[at + 1], file[at]);
        }
    }

    private static Bitmap Parse(ReadOnlySpan<byte> file)
    {
        if (file.Length < FileHeader + CoreHeader)
            throw Broken($"{file.Length} bytes, shorter than any header");
        var pixelOffset = ReadUInt32LittleEndian(file[10..]);
        var headerLength = ReadUInt32LittleEndian(file[FileHeader..]);
        if (headerLength != CoreHeader && headerLength is not (>= InfoHeader and <= 1024))
            throw Broken($"a header of {headerLength} bytes");
        if (file.Length < FileHeader + headerLength)
            throw Broken("the file ends within its header");

        var header = file.Slice(FileHeader, (int)headerLength);
        var core = headerLength == CoreHeader;
        int width = core ? ReadUInt16LittleEndian(header[4..]) : ReadInt32LittleEndian(header[4..]);
        int height = core ? ReadUInt16LittleEndian(header[6..]) : ReadInt32LittleEndian(header[8..]);
        int bits = ReadUInt16LittleEndian(header[(core ? 10 : 14)..]);
        var compression = core ? NoCompression : ReadUInt32LittleEndian(header[16..]);
        var announced = core ? 0 : ReadUInt32LittleEndian(header[32..]);

        var topDown = height < 0;
        if (width < 1 || height is 0 or int.MinValue)
            throw Broken($"a size of {width} x {height}");
        height = Math.Abs(height);
        var masked = compression is BitFields or AlphaBitFields && bits is 16 or 32;
        if (compression != NoCompression && !masked)
            throw new CodecException("bmp", $"compression {compression} with {bits} bits per pixel", isUnsupported: true);
        if (bits is not (1 or 4 or 8 or 16 or 24 or 32))
            throw Broken($"{bits} bits per pixel");
        var stride = ((long)width * bits + 31) / 32 * 4;
        if (stride > int.MaxValue)
            throw Broken($"rows of {stride} bytes");

        var bitmap = new Bitmap
        {
            Width = width,
            Height = height,
            TopDown = topDown,
            Bits = bits,
            Stride = (int)stride,
            PixelOffset = pixelOffset,
        };
        return bits <= 8
            ? WithPalette(bitmap, file.Length, FileHeader + (int)headerLength, core ? 3 : 4, announced)
            : WithMasks(bitmap, file, (int)headerLength, compression);
    }

    private static Bitmap WithPalette(Bitmap bitmap, int fileLength, int offset, int entry, uint announced)
    {
        var full = 1 << bitmap.Bits;
        var colours = announced is 0 || announced > full ? full : (int)announced;
        if (offset + (long)colours * entry > fileLength)
            throw Broken("the file ends within its palette");
        return bitmap with { PaletteOffset = offset, PaletteEntry = entry, Colours = colours };
    }

    private static Bitmap WithMasks(Bitmap bitmap, ReadOnlySpan<byte> file, int headerLength, uint compression)
    {
        if (bitmap.Bits == 24)
            return bitmap;
        if (compression == NoCompression)
        {
            return bitmap.Bits == 16
                ? bitmap with { Red = new(0x7c00), Green = new(0x03e0), Blue = new(0x001f) }
                : bitmap with { Red = new(0xff0000), Green = new(0x00ff00), Blue = new(0x0000ff) };
        }

        // After a 40-byte header the masks follow it; longer headers hold them at the same place.
        const int Masks = FileHeader + InfoHeader;
        if (file.Length < Masks + 12 || headerLength > InfoHeader && headerLength < InfoHeader + 12)
            throw Broken("the file ends within its colour masks");
        return bitmap with
        {
            Red = new(Mask(file, Masks)),
            Green = new(Mask(file, Masks + 4)),
            Blue = new(Mask(file, Masks + 8)),
        };
    }

    private static uint Mask(ReadOnlySpan<byte> file, int offset)
    {
        var mask = ReadUInt32LittleEndian(file[offset..]);
        var run = mask >> BitOperations.TrailingZeroCount(mask);
        if (mask == 0 || (run & run + 1) != 0)
            throw Broken($"a colour mask of 0x{mask:x8}");
        return mask;
    }

    private static CodecException Broken(string reason) => new("bmp", reason);

    /// <summary>One run of bits within a pixel, widened to 8 bits.</summary>
    private readonly struct Channel(uint mask)
    {
        private readonly int _shift = BitOperations.TrailingZeroCount(mask);
        private readonly uint _maximum = mask >> BitOperations.TrailingZeroCount(mask);

        public byte Of(uint pixel)
        {
            // Floor, as the usual readers do: 5 bits of 16 become 131.
            var value = (ulong)(pixel >> _shift & _maximum);
            return (byte)(value * 255 / _maximum);
        }
    }

    private readonly record struct Bitmap
    {
        public int Width { get; init; }
        public int Height { get; init; }
        public bool TopDown { get; init; }
        public int Bits { get; init; }
        public int Stride { get; init; }
        public uint PixelOffset { get; init; }
        public int PaletteOffset { get; init; }
        public int PaletteEntry { get; init; }
        public int Colours { get; init; }
        public Channel Red { get; init; }
        public Channel Green { get; init; }
        public Channel Blue { get; init; }
    }
}
