namespace OrleansContrastive.Offline.Imaging;

/// <summary>ITU-R 601 luma in 16-bit fixed point, rounded; grey stays exactly what it is.</summary>
public static class Luma
{
    private const int Red = 19595;
    private const int Green = 38470;
    private const int Blue = 65536 - Red - Green;

    /// <summary>The luma of one pixel.</summary>
    public static byte Of(int red, int green, int blue) =>
        (byte)(Red * red + Green * green + Blue * blue + 0x8000 >> 16);

    /// <summary>Turns interleaved RGB into grey.</summary>
    /// <param name="rgb">3 bytes per pixel.</param>
    /// <param name="grey">1 byte per pixel.</param>
    public static void FromRgb(ReadOnlySpan<byte> rgb, Span<byte> grey)
    {
        for (var i = 0; i < grey.Length; i++)
            grey[i] = Of(rgb[3 * i], rgb[3 * i + 1], rgb[3 * i + 2]);
    }
}
