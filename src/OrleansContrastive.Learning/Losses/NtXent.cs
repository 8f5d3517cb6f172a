using TorchSharp;
using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Losses;

/// <summary>
/// NT-Xent, the normalised temperature-scaled cross entropy of SimCLR (Chen et al. 2020, eq. 1): among the 2B − 1 other rows
/// of a batch of two views, find the other view of the same image.
/// </summary>
/// <remarks>
/// ℓᵢ = −ln exp(zᵢ·zⱼ/T) / Σ exp(zᵢ·z_l/T), the sum over all l ≠ i. The loss is the mean over the 2B rows; the code released
/// with the paper adds the means of the two directions, which is twice this. Logits are in float32, or float64 where the
/// rows are. Differentiable by autograd.
/// </remarks>
public static class NtXent
{
    /// <summary>The mean loss of the 2B rows.</summary>
    /// <param name="first">[B, D] unit rows, the first view of each image.</param>
    /// <param name="second">[B, D] unit rows, the second view of the same images.</param>
    /// <param name="temperature">T, positive.</param>
    /// <param name="memory">[K, D] unit rows that are negatives of every row, without gradient; null = none.</param>
    /// <param name="excluded">[B, K], true where a row of the memory is no negative of an image; null = all are.</param>
    /// <returns>A scalar; 0 for one image without a memory, which has nothing to be told from.</returns>
    /// <exception cref="ArgumentException">The shapes disagree, or there is no row.</exception>
    public static Tensor Loss(Tensor first, Tensor second, double temperature, Tensor? memory = null, Tensor? excluded = null)
    {
        LossRows.RequirePairs(first, second);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(temperature);
        using var scope = NewDisposeScope();
        var rows = cat([LossRows.Widen(first), LossRows.WidenAs(second, first)]);
        var logits = rows.mm(rows.t()).div(temperature);
        var others = logits.masked_fill(LossRows.Diagonal(rows.shape[0], rows.device), double.NegativeInfinity);
        if (memory is not null) others = cat([others, Columns(rows, memory, temperature, excluded)], 1);
        return others.logsumexp(1).mean().sub(Positive(logits).mean()).MoveToOuterDisposeScope();
    }

    /// <summary>ln(2B − 1 + K), the loss of a network that tells nothing apart.</summary>
    /// <param name="batch">B, the images of a batch.</param>
    /// <param name="memory">K, the rows of a memory beside it.</param>
    public static double ChanceLevel(long batch, long memory = 0) => Math.Log((2 * batch) - 1 + memory);

    private static Tensor Columns(Tensor rows, Tensor memory, double temperature, Tensor? excluded)
    {
        LossRows.RequireRows(memory);
        if (memory.shape[1] != rows.shape[1]) throw new ArgumentException($"The rows of the memory have {memory.shape[1]} elements; expected {rows.shape[1]}.", nameof(memory));
        var logits = rows.mm(memory.detach().to_type(rows.dtype).t()).div(temperature);
        return excluded is null ? logits : logits.masked_fill(excluded.repeat(2, 1), double.NegativeInfinity);
    }

    /// <summary>[B], the logits between the two views of an image; those of both directions are the same.</summary>
    internal static Tensor Positive(Tensor logits) => logits.diagonal(logits.shape[0] / 2);

    /// <summary>[2B, 2B], true where a column is neither the row itself nor its other view.</summary>
    internal static Tensor Negatives(long batch, Device device)
    {
        using var scope = NewDisposeScope();
        return LossRows.Diagonal(batch, device).repeat(2, 2).logical_not().MoveToOuterDisposeScope();
    }
}
