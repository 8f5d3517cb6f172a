namespace OrleansContrastive.Learning.Negatives.Sampling;

/// <summary>
/// The partition Z of noise-contrastive estimation as a moving average, Z ← 0.99 Z + 0.01 Ẑ. The released code of Wu et al.
/// 2018 keeps that of the first batch for ever, which small sets suffer from.
/// </summary>
/// <param name="Log">ln Z.</param>
public readonly record struct PartitionEstimate(double Log)
{
    /// <summary>Share of the past.</summary>
    public const double Retention = 0.99;

    /// <summary>Z of random unit rows: N·E exp(s/T) with similarities of variance 1/D.</summary>
    /// <param name="samples">Rows of the bank, N.</param>
    /// <param name="width">Elements of a row, D.</param>
    /// <param name="temperature">T.</param>
    public static PartitionEstimate OfRandomRows(long samples, int width, double temperature) =>
        new(Math.Log(samples) + (1 / (2 * width * temperature * temperature)));

    /// <summary>Folds the next estimate in, in commit order.</summary>
    public PartitionEstimate With(double logEstimate)
    {
        var top = Math.Max(Log, logEstimate);
        return new(top + Math.Log((Retention * Math.Exp(Log - top)) + ((1 - Retention) * Math.Exp(logEstimate - top))));
    }
}
