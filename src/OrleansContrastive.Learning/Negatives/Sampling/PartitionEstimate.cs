namespace OrleansContrastive.Learning.Negatives.Sampling;

/// <summary>
/// The partition Z of noise-contrastive estimation as a moving average, Z ← 0.99 Z + 0.01 Ẑ, from the first estimate on. The
/// released code of Wu et al. 2018 keeps that of the first batch for ever, which small sets suffer from.
/// </summary>
/// <param name="Log">ln Z; not a number before the first estimate.</param>
public readonly record struct PartitionEstimate(double Log)
{
    /// <summary>Share of the past.</summary>
    public const double Retention = 0.99;

    /// <summary>No estimate yet.</summary>
    public static PartitionEstimate None { get; } = new(double.NaN);

    /// <summary>Folds the next estimate in, in commit order.</summary>
    public PartitionEstimate With(double logEstimate)
    {
        if (double.IsNaN(Log)) return new(logEstimate);
        var top = Math.Max(Log, logEstimate);
        return new(top + Math.Log((Retention * Math.Exp(Log - top)) + ((1 - Retention) * Math.Exp(logEstimate - top))));
    }
}
