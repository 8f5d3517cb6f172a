using OrleansContrastive.Learning.Random;

namespace OrleansContrastive.Learning.Methods.Frame;

/// <summary>The permutation under which the keys of a lease pass through batch norm.</summary>
/// <remarks>A function of (seed, lease, direction) only, so every attempt, on any machine, draws the same one.</remarks>
/// <param name="Order">Row i of the shuffled batch is row Order[i] of the batch.</param>
/// <param name="Restore">Row i of the batch is row Restore[i] of the shuffled batch.</param>
public sealed record KeyShuffle(long[] Order, long[] Restore)
{
    /// <summary>Draws the permutation.</summary>
    /// <param name="seed">Seed of the run.</param>
    /// <param name="lease">Lease, or step of a plain loop.</param>
    /// <param name="direction">0; 1 for the second direction of a symmetric step.</param>
    /// <param name="count">Rows, B.</param>
    public static KeyShuffle Draw(ulong seed, long lease, int direction, int count)
    {
        var stream = new RandomStream(seed, RandomPurpose.KeyPermutation, (ulong)lease, (ulong)direction);
        var order = Permutation.Draw(count, ref stream);
        return new(order, Permutation.Invert(order));
    }
}
