using OrleansContrastive.Data.Datasets;
using OrleansContrastive.Data.Sampling;

namespace OrleansContrastive.Benchmarks.Rows;

/// <summary>Colour noise on a grid of 8 pixels, blended between: natural enough that nothing short-cuts.</summary>
internal static class Pictures
{
    private const int Cell = 8;

    public static PixelBuffer Smooth(int width, int height, ulong seed)
    {
        var random = new PhiloxStream(seed, PhiloxPurpose.Synthetic, 0, 0);
        var (columns, rows) = (width / Cell + 2, height / Cell + 2);
        var grid = new float[columns * rows * 3];
        for (var i = 0; i < grid.Length; i++) grid[i] = random.NextSingle() * 255;

        var image = new PixelBuffer();
        image.Resize(width, height, 3);
        var pixels = image.Pixels;
        for (var y = 0; y < height; y++)
            for (var x = 0; x < width; x++)
                for (var c = 0; c < 3; c++)
                {
                    var (gx, fx) = (x / Cell, (float)(x % Cell) / Cell);
                    var (gy, fy) = (y / Cell, (float)(y % Cell) / Cell);
                    float At(int column, int row) => grid[(row * columns + column) * 3 + c];
                    var top = At(gx, gy) * (1 - fx) + At(gx + 1, gy) * fx;
                    var bottom = At(gx, gy + 1) * (1 - fx) + At(gx + 1, gy + 1) * fx;
                    pixels[(y * width + x) * 3 + c] = (byte)(top * (1 - fy) + bottom * fy);
                }

        return image;
    }
}
