using System.Globalization;
using System.Text;

namespace OrleansContrastive.Cli.Experiments;

/// <summary>The figures of the experiment as a table: mean and spread over the seeds.</summary>
internal static class AsynchronyTable
{
    /// <summary>Mean, and half of the distance from the lowest to the highest.</summary>
    public static (double Mean, double Spread) Over(IEnumerable<double> values)
    {
        var all = values.ToList();
        return (all.Average(), (all.Max() - all.Min()) / 2);
    }

    /// <summary>A row per setting and mode.</summary>
    public static string Markdown(IReadOnlyList<AsynchronyRun> runs)
    {
        var text = new StringBuilder("| setting | consistency | images/s | of unbounded | kNN (k = 20) | staleness |\n|---|---|---|---|---|---|\n");
        foreach (var setting in runs.GroupBy(run => run.Setting))
        {
            var unbounded = setting.Where(run => run.Consistency == "unbounded").Select(run => run.ImagesPerSecond).DefaultIfEmpty(double.NaN).Average();
            foreach (var mode in setting.GroupBy(run => run.Consistency))
            {
                var (speed, knn) = (Over(mode.Select(run => run.ImagesPerSecond)), Over(mode.Select(run => 100 * run.Knn)));
                text.Append(CultureInfo.InvariantCulture, $"| {setting.Key} | {mode.Key} | {speed.Mean:F0} ± {speed.Spread:F0} | {(double.IsNaN(unbounded) ? "-" : (speed.Mean / unbounded).ToString("P0", CultureInfo.InvariantCulture))} ")
                    .Append(CultureInfo.InvariantCulture, $"| {knn.Mean:F2} ± {knn.Spread:F2} % | {mode.Average(run => run.Staleness):F1} |\n");
            }
        }

        return text.ToString();
    }
}
