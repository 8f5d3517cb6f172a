namespace OrleansContrastive.Data.Tests.Augmentation;

/// <summary>The Kolmogorov-Smirnov test of a sample against a distribution or another sample.</summary>
internal static class KolmogorovSmirnov
{
    /// <summary>The chance of a deviation at least this large if the sample is drawn from the distribution.</summary>
    public static double PValue(double[] sample, Func<double, double> distribution)
    {
        var sorted = sample.Order().ToArray();
        double n = sorted.Length, worst = 0;
        for (var i = 0; i < sorted.Length; i++)
        {
            var expected = distribution(sorted[i]);
            worst = Math.Max(worst, Math.Max(((i + 1) / n) - expected, expected - (i / n)));
        }

        return Tail(worst, n);
    }

    /// <summary>The same for two samples; values may be tied, which makes the test conservative.</summary>
    public static double PValue(double[] first, double[] second)
    {
        var a = first.Order().ToArray();
        var b = second.Order().ToArray();
        double worst = 0;
        int i = 0, j = 0;
        while (i < a.Length && j < b.Length)
        {
            var value = Math.Min(a[i], b[j]);
            while (i < a.Length && a[i] <= value) i++;
            while (j < b.Length && b[j] <= value) j++;
            worst = Math.Max(worst, Math.Abs(((double)i / a.Length) - ((double)j / b.Length)));
        }

        return Tail(worst, (double)a.Length * b.Length / (a.Length + b.Length));
    }

    // Kolmogorov's series with Stephens' correction for finite samples.
    private static double Tail(double distance, double n)
    {
        var lambda = (Math.Sqrt(n) + 0.12 + (0.11 / Math.Sqrt(n))) * distance;
        if (lambda < 0.2) return 1;

        double sum = 0, sign = 1;
        for (var k = 1; k <= 100; k++, sign = -sign) sum += sign * Math.Exp(-2 * k * k * lambda * lambda);
        return Math.Clamp(2 * sum, 0, 1);
    }
}
