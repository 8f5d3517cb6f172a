namespace OrleansContrastive.Tests.Shared;

/// <summary>Image files that a test draws itself.</summary>
internal static class Bitmap
{
    /// <summary>An uncompressed BMP of 24 bits, from its format's description.</summary>
    public static byte[] Bytes(int width, int height, Func<int, int, (int Red, int Green, int Blue)> colour)
    {
        var stride = (3 * width + 3) / 4 * 4;
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream);
        writer.Write("BM"u8);
        writer.Write(54 + stride * height);
        writer.Write(0);
        writer.Write(54);
        writer.Write(40);
        writer.Write(width);
        writer.Write(height);
        writer.Write((short)1);
        writer.Write((short)24);
        for (var i = 0; i < 6; i++) writer.Write(0);
        for (var y = height - 1; y >= 0; y--)
        {
            for (var x = 0; x < width; x++)
            {
                var (red, green, blue) = colour(x, y);
                writer.Write([(byte)blue, (byte)green, (byte)red]);
            }

            writer.Write(new byte[stride - 3 * width]);
        }

        return stream.ToArray();
    }
}
