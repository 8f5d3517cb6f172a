using System.Buffers.Binary;
using System.IO.Compression;

namespace OrleansContrastive.Cli.Pictures;

/// <summary>PNG (W3C recommendation, third edition): 8 bits a channel, no transparency, rows filtered by what is left of them.</summary>
internal static class PngFile
{
    private const int BytesPerPixel = 3;
    private static ReadOnlySpan<byte> Signature => [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0d, 0x0a, 0x1a, 0x0a];

    /// <summary>Writes a picture.</summary>
    public static async Task WriteAsync(Stream destination, Picture picture, CancellationToken cancellationToken = default)
    {
        await destination.WriteAsync(Signature.ToArray(), cancellationToken);
        var header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, picture.Width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), picture.Height);
        // Eight bits, true colour; deflate, adaptive filters, not interlaced.
        (header[8], header[9]) = (8, 2);
        await ChunkAsync(destination, "IHDR"u8.ToArray(), header, cancellationToken);
        await ChunkAsync(destination, "IDAT"u8.ToArray(), Compress(picture), cancellationToken);
        await ChunkAsync(destination, "IEND"u8.ToArray(), [], cancellationToken);
    }

    private static byte[] Compress(Picture picture)
    {
        using var compressed = new MemoryStream();
        using (var deflate = new ZLibStream(compressed, CompressionLevel.SmallestSize))
        {
            var line = new byte[1 + (picture.Width * BytesPerPixel)];
            line[0] = 1;
            for (var y = 0; y < picture.Height; y++)
            {
                var row = picture.Row(y);
                for (var i = 0; i < row.Length; i++) line[i + 1] = (byte)(row[i] - (i < BytesPerPixel ? 0 : row[i - BytesPerPixel]));
                deflate.Write(line);
            }
        }

        return compressed.ToArray();
    }

    private static async Task ChunkAsync(Stream destination, byte[] kind, byte[] content, CancellationToken cancellationToken)
    {
        var chunk = new byte[4 + kind.Length + content.Length + 4];
        BinaryPrimitives.WriteInt32BigEndian(chunk, content.Length);
        kind.CopyTo(chunk, 4);
        content.CopyTo(chunk, 8);
        BinaryPrimitives.WriteUInt32BigEndian(chunk.AsSpan(chunk.Length - 4), Checksum(chunk.AsSpan(4, chunk.Length - 8)));
        await destination.WriteAsync(chunk, cancellationToken);
    }

    private static uint Checksum(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        foreach (var value in bytes)
        {
            crc ^= value;
            for (var bit = 0; bit < 8; bit++) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0xedb88320u : 0);
        }

        return ~crc;
    }
}
