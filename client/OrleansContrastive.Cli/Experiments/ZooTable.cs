using System.Globalization;
using System.Text;

namespace OrleansContrastive.Cli.Experiments;

/// <summary>The zoo as a table: mean and spread over the seeds, a row for each method.</summary>
internal static class ZooTable
{
    /// <summary>The table.</summary>
    public static string Markdown(IReadOnlyList<ZooRun> runs)
    {
        var text = new StringBuilder("| method | kNN (k = 200) | kNN (k = 20) | untrained | above it | linear | images/s | samples |\n|---|---|---|---|---|---|---|---|\n");
        foreach (var method in runs.GroupBy(run => run.Method))
        {
            text.Append(CultureInfo.InvariantCulture, $"| {method.Key} | {Percent(method, run => run.KnnTop1)} | {Percent(method, run => run.Knn20Top1)} ")
                .Append(CultureInfo.InvariantCulture, $"| {Percent(method, run => run.RandomInitTop1)}, {Percent(method, run => run.RandomInit20Top1)} ")
                .Append(CultureInfo.InvariantCulture, $"| {100 * method.Average(run => run.KnnTop1 - run.RandomInitTop1):+0.0;-0.0}, {100 * method.Average(run => run.Knn20Top1 - run.RandomInit20Top1):+0.0;-0.0} ")
                .Append(CultureInfo.InvariantCulture, $"| {Percent(method, run => run.LinearTop1)} | {method.Average(run => run.ImagesPerSecond):F0} | {method.First().Samples:N0} |\n");
        }

        return text.ToString();
    }

    private static string Percent(IEnumerable<ZooRun> runs, Func<ZooRun, double> of)
    {
        var (mean, spread) = AsynchronyTable.Over(runs.Select(run => 100 * of(run)));
        return spread > 0 ? string.Create(CultureInfo.InvariantCulture, $"{mean:F1} ± {spread:F1}") : mean.ToString("F1", CultureInfo.InvariantCulture);
    }
}
