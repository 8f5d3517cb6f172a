using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Encoders;

/// <summary>What is added to the tokens of a vision transformer, so that it knows where they are. The class token's comes first.</summary>
internal static class PositionEmbedding
{
    private const double Longest = 10_000;

    // The cubic convolution of PyTorch's bicubic interpolation (Keys 1981).
    private const double Cubic = -0.75;

    /// <summary>
    /// Fixed positions as in MoCo v3's code: a quarter of the width each for sine and cosine of the row, sine and cosine of
    /// the column, at wave lengths from 2π to 2π·10000; zeros for the class token.
    /// </summary>
    /// <param name="side">Patches along a side.</param>
    /// <param name="width">F, a multiple of 4.</param>
    /// <returns>[1 + side², F], row-major.</returns>
    public static double[] SineCosine(int side, int width)
    {
        var quarter = width / 4;
        var values = new double[(1 + side * side) * width];
        for (var place = 0; place < side * side; place++)
        {
            // What its code calls w changes from row to row of the flattened grid.
            var (row, column) = (place / side, place % side);
            for (var i = 0; i < quarter; i++)
            {
                var frequency = 1 / Math.Pow(Longest, (double)i / quarter);
                var at = (1 + place) * width + i;
                (values[at], values[at + quarter]) = Math.SinCos(row * frequency);
                (values[at + 2 * quarter], values[at + 3 * quarter]) = Math.SinCos(column * frequency);
            }
        }

        return values;
    }

    /// <summary>Positions for another number of patches, as DINO's for its small crops: bicubic, without aligned corners.</summary>
    /// <param name="positions">[1, 1 + side², F].</param>
    /// <param name="side">Patches along a side that the positions are made for.</param>
    /// <param name="height">Rows of patches.</param>
    /// <param name="width">Columns of patches.</param>
    /// <returns>[1, 1 + height·width, F]; <paramref name="positions"/> itself where nothing changes.</returns>
    public static Tensor Resize(Tensor positions, int side, long height, long width)
    {
        if (height == side && width == side) return positions;
        using var scope = NewDisposeScope();
        var features = positions.shape[2];
        var grid = positions.narrow(1, 1, (long)side * side).reshape(side, side * features);
        var rows = Weights(side, height, positions).matmul(grid).reshape(height, side, features);
        var places = Weights(side, width, positions).matmul(rows).reshape(1, height * width, features);
        return cat([positions.narrow(1, 0, 1), places], 1).MoveToOuterDisposeScope();
    }

    // [to, from]: what each place takes of the places that were there; beyond the edges the edge counts.
    private static Tensor Weights(int from, long to, Tensor like)
    {
        var values = new double[to * from];
        for (var i = 0; i < to; i++)
        {
            var centre = (i + 0.5) * from / to - 0.5;
            var first = (long)Math.Floor(centre);
            for (var tap = first - 1; tap <= first + 2; tap++)
                values[i * from + Math.Clamp(tap, 0, from - 1)] += Kernel(Math.Abs(centre - tap));
        }

        return tensor(values, [to, from]).to_type(like.dtype).to(like.device);
    }

    private static double Kernel(double x) => x switch
    {
        <= 1 => ((Cubic + 2) * x - (Cubic + 3)) * x * x + 1,
        < 2 => ((Cubic * x - 5 * Cubic) * x + 8 * Cubic) * x - 4 * Cubic,
        _ => 0,
    };
}
