namespace OrleansContrastive.Benchmarks;

internal static class Statistics
{
    public static double Median(IReadOnlyList<double> values)
    {
        var sorted = values.Order().ToArray();
        var middle = sorted.Length / 2;
        return sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }

    /// <summary>Half the range over the median: 0.1 reads "plus or minus ten percent".</summary>
    public static double Spread(IReadOnlyList<double> values) => (values.Max() - values.Min()) / 2 / Median(values);
}
