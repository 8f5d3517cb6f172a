using OrleansContrastive.Learning.Random;
using TorchSharp;
using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Methods.Frame;

/// <summary>Cuts views into pieces, and draws what a pretext task needs: by (seed, lease, sample), so that every attempt draws the same. Tensors live in the
/// caller's dispose scope.</summary>
public static class Patches
{
    /// <summary>Overlapping squares on a grid.</summary>
    /// <param name="views">[B, C, S, S].</param>
    /// <param name="side">Side of a patch.</param>
    /// <param name="stride">Pixels between neighbours.</param>
    /// <returns>[B · R · R, C, side, side], row by row within an image, and R = (S − side)/stride + 1.</returns>
    /// <exception cref="ArgumentException">A patch is larger than a view.</exception>
    public static (Tensor Patches, int Rows) Grid(Tensor views, int side, int stride)
    {
        var (batch, channels, size) = (views.shape[0], views.shape[1], views.shape[2]);
        if (side > size) throw new ArgumentException($"A patch of {side} pixels does not fit into a view of {size}.", nameof(side));
        using var scope = NewDisposeScope();
        var rows = (int)((size - side) / stride) + 1;
        var patches = views.unfold(2, side, stride).unfold(3, side, stride).permute(0, 2, 3, 1, 4, 5).reshape(batch * rows * rows, channels, side, side);
        return (patches.MoveToOuterDisposeScope(), rows);
    }

    /// <summary>The cells of a jigsaw, each of each image cropped at a random place, so that edges which go on from cell to cell give nothing away
    /// (Noroozi and Favaro 2016).</summary>
    /// <param name="views">[B, C, S, S].</param>
    /// <param name="cells">Cells along a side.</param>
    /// <param name="position">What is drawn by.</param>
    /// <returns>[cells², B, C, p, p] with p = ⌊S/cells⌋ less a quarter.</returns>
    public static Tensor Jigsaw(Tensor views, int cells, StepPosition position)
    {
        using var scope = NewDisposeScope();
        var cell = (int)views.shape[2] / cells;
        var side = cell - Math.Max(1, cell / 4);
        var images = views.shape[0];
        var stream = Stream(position, 0);
        var corners = new long[3, cells * cells * images];
        for (var piece = 0; piece < corners.GetLength(1); piece++)
        {
            var (row, column) = Math.DivRem(piece / (int)images, cells);
            corners[0, piece] = piece % images;
            corners[1, piece] = (row * cell) + stream.NextInt(cell - side + 1);
            corners[2, piece] = (column * cell) + stream.NextInt(cell - side + 1);
        }

        var places = tensor(corners, device: views.device);
        var (image, top, left) = (Row(0), Row(1), Row(2));
        // [B, C, S − p + 1, S − p + 1, p, p]: every square that there is, in no memory of its own.
        var squares = views.unfold(2, side, 1).unfold(3, side, 1);
        return squares[image, TensorIndex.Colon, top, left].view(cells * cells, images, -1, side, side).MoveToOuterDisposeScope();

        TensorIndex Row(int of) => TensorIndex.Tensor(places.select(0, of));
    }

    /// <summary>Views turned by so many right angles.</summary>
    public static Tensor Turn(Tensor views, int quarters)
    {
        using var scope = NewDisposeScope();
        var turned = quarters switch
        {
            0 => views.alias(),
            1 => views.transpose(2, 3).flip(2),
            2 => views.flip(2, 3),
            _ => views.transpose(2, 3).flip(3),
        };
        return turned.contiguous().MoveToOuterDisposeScope();
    }

    /// <summary>One number for each image, from 0 to below a bound.</summary>
    public static long[] Draw(StepPosition position, long[] sampleIds, int bound) => [.. sampleIds.Select(id =>
    {
        var stream = Stream(position, id + 1);
        return (long)stream.NextInt(bound);
    })];

    /// <summary>One permutation for each image.</summary>
    public static long[][] DrawOrders(StepPosition position, long[] sampleIds, int count) => [.. sampleIds.Select(id =>
    {
        var stream = Stream(position, id + 1);
        return Permutation.Draw(count, ref stream);
    })];

    /// <summary>Puts the features of every image's pieces side by side, in an order of its own.</summary>
    /// <param name="features">[P · B, F], piece by piece.</param>
    /// <param name="orders">For each image, which piece comes where.</param>
    /// <returns>[B, P · F].</returns>
    public static Tensor Arrange(Tensor features, IReadOnlyList<long[]> orders)
    {
        using var scope = NewDisposeScope();
        var (images, pieces, width) = (orders.Count, orders[0].Length, features.shape[1]);
        var rows = features.view(pieces, images, width).permute(1, 0, 2);
        var index = tensor(orders.SelectMany(order => order).ToArray(), [images, pieces, 1], device: features.device).expand(-1, -1, width);
        return rows.gather(1, index).reshape(images, -1).MoveToOuterDisposeScope();
    }

    private static RandomStream Stream(StepPosition position, long of) =>
        new(position.Seed, RandomPurpose.Pretext, (ulong)position.Lease, (ulong)of);
}
