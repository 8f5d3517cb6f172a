namespace OrleansContrastive.Cli.Pictures;

/// <summary>An RGB image in memory, rows from the top.</summary>
internal sealed class Picture
{
    private readonly byte[] _pixels;

    /// <summary>A picture of one colour.</summary>
    public Picture(int width, int height, Colour ground)
    {
        (Width, Height, _pixels) = (width, height, new byte[checked(width * height * 3)]);
        for (var i = 0; i < _pixels.Length; i += 3) (_pixels[i], _pixels[i + 1], _pixels[i + 2]) = (ground.Red, ground.Green, ground.Blue);
    }

    public int Width { get; }

    public int Height { get; }

    /// <summary>Three bytes a pixel.</summary>
    public ReadOnlySpan<byte> Row(int y) => _pixels.AsSpan(y * Width * 3, Width * 3);

    /// <summary>Mixes a colour into a pixel; outside of the picture nothing happens.</summary>
    /// <param name="x">Column.</param>
    /// <param name="y">Row.</param>
    /// <param name="colour">What is mixed in.</param>
    /// <param name="share">From 0, nothing, to 1, all.</param>
    public void Mix(int x, int y, Colour colour, double share)
    {
        if (x < 0 || y < 0 || x >= Width || y >= Height || share <= 0) return;
        var pixel = _pixels.AsSpan(((y * Width) + x) * 3, 3);
        share = Math.Min(share, 1);
        pixel[0] = (byte)Math.Round(pixel[0] + ((colour.Red - pixel[0]) * share));
        pixel[1] = (byte)Math.Round(pixel[1] + ((colour.Green - pixel[1]) * share));
        pixel[2] = (byte)Math.Round(pixel[2] + ((colour.Blue - pixel[2]) * share));
    }
}
