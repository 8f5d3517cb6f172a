using System.Numerics;

namespace OrleansContrastive.Learning.Optimizers;

/// <summary>Folds the batch-norm moments of one step into the running ones, in commit order.</summary>
public static class MomentFold
{
    /// <summary>Weight of the newest batch, as in <c>torch.nn.BatchNorm2d</c>.</summary>
    public const double BatchShare = 0.1;

    /// <summary>running' = (1 − 0.1)·running + 0.1·batch.</summary>
    /// <typeparam name="T"><see cref="float"/> or <see cref="double"/>.</typeparam>
    /// <param name="running">Running means and variances so far.</param>
    /// <param name="batch">Mean and unbiased variance of the step's batch.</param>
    /// <param name="next">Receives the folded moments; may be <paramref name="running"/>.</param>
    /// <exception cref="ArgumentException">The spans differ in length.</exception>
    public static void Fold<T>(ReadOnlySpan<T> running, ReadOnlySpan<T> batch, Span<T> next)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        if (batch.Length != running.Length || next.Length != running.Length)
        {
            throw new ArgumentException(
                $"Batch-norm moments differ in length: running {running.Length}, batch {batch.Length}, next {next.Length}.");
        }

        var keep = T.CreateChecked(1.0 - BatchShare);
        var take = T.CreateChecked(BatchShare);
        for (var i = 0; i < running.Length; i++)
        {
            next[i] = keep * running[i] + take * batch[i];
        }
    }
}
