using System.Globalization;
using OrleansContrastive.Contracts;
using OrleansContrastive.Contracts.Runs;
using OrleansContrastive.Contracts.Workers;

namespace OrleansContrastive.Dashboard.Monitoring;

/// <summary>A run's status and view in the page's words.</summary>
internal static class PanelWriter
{
    /// <summary>The panel, without what only time shows.</summary>
    public static RunPanel Write(RunStatus status, RunView? view) => new()
    {
        Run = status.Run,
        Phase = status.Phase.ToString().ToLowerInvariant(),
        Title = status.Spec is { } spec ? Text($"{spec.Method} on {spec.Dataset.Name}, {spec.Model.Encoder}, {spec.Consistency.Mode.ToString().ToLowerInvariant()}, batch {spec.Batch}") : null,
        Problem = status.Problem,
        Progress = status.Spec is { TotalLeases: > 0 } known ? Math.Min(1, status.LeasesDone / (double)known.TotalLeases) : 0,
        Version = status.Version,
        Loss = status.Version > 0 ? Finite(status.Loss) : null,
        ChanceLevel = status.Version > 0 ? Finite(status.ChanceLevel) : null,
        ImagesPerSecond = Finite(status.ImagesPerSecond) ?? 0,
        Facts = [.. Facts(status)],
        Clocks = [.. Clocks(status)],
        BatchNorm = status.Asynchrony?.BatchNormPolicy,
        Silos = view is null ? [] : [.. Silos(view)],
        Shards = view is null ? [] : [.. Shards(view)],
    };

    /// <summary>JSON has no number for an infinity or a NaN.</summary>
    private static double? Finite(double value) => double.IsFinite(value) ? value : null;

    private static IEnumerable<Fact> Facts(RunStatus status)
    {
        yield return new("Version", Text($"{status.Version:N0}"));
        yield return new("Samples applied", Text($"{status.SamplesApplied:N0} of {status.Spec?.TotalSamples ?? 0:N0}"));
        yield return new("Samples skipped", Text($"{status.SamplesSkipped:N0}"));
        yield return new("Positive nearest", Text($"{status.Accuracy:P1}"));
        yield return new("Encoders", Text($"{status.Encoders}"));
        yield return new("Shard members", status.Members.Length > 0 ? status.Members : "-");
        yield return new("History", Text($"{status.History}"));
        yield return new("Updates rolled back", Text($"{status.UpdatesRolledBack:N0}"));
        yield return new("Silos lost", Text($"{status.SilosLost}"));
        yield return new("Leases granted again", Text($"{status.LeasesRegranted:N0}"));
        yield return new("Broken images", Text($"{status.BrokenImages:N0}"));
        yield return new("Last checkpoint", status.Checkpoint ?? "none");
        if (status.Asynchrony is { } clocks) yield return new("Bytes moved per lease", Text($"{clocks.TrafficPerLease.Total:N0}"));
        yield return new("Trained for", Text($"{TimeSpan.FromSeconds(Finite(status.Seconds) ?? 0):d\\.hh\\:mm\\:ss}"));
    }

    private static IEnumerable<Clock> Clocks(RunStatus status)
    {
        if (status.Asynchrony is not { } clocks) yield break;
        foreach (var (name, age) in new[]
        {
            ("Gradient staleness", clocks.GradientStaleness), ("Key-encoder lag", clocks.KeyLag), ("Key age", clocks.KeyAge), ("Bank age", clocks.BankAge),
        })
        {
            yield return new(name, age.Count, age.P50, age.P90, age.P99, age.Max);
        }
    }

    private static IEnumerable<SiloLine> Silos(RunView view)
    {
        var grains = new List<(string Role, string Key, bool Lane)>();
        grains.AddRange(view.Encoders.Select(key => ("encoder", key, true)));
        grains.AddRange(view.MomentumEncoders.Select(key => ("key", key, true)));
        grains.AddRange(view.Augmentations.Select(key => ("augmentation", key, false)));
        grains.AddRange(Enumerable.Range(0, view.ParameterShards.Length).SelectMany(view.ParameterMembers).Select(key => ("parameters", key, false)));
        grains.AddRange(Enumerable.Range(0, view.NegativeShards.Length).SelectMany(view.NegativeMembers).Select(key => ("negatives", key, false)));
        grains.Add(("evaluation", view.Evaluation, false));
        return grains
            .GroupBy(grain => GrainKeys.Parse(grain.Key).Silo, StringComparer.Ordinal)
            .OrderBy(silo => silo.Key, StringComparer.Ordinal)
            .Select(silo => new SiloLine(
                silo.Key,
                string.Join(", ", silo.Select(grain => grain.Role).Distinct()),
                string.Join(", ", silo.Where(grain => grain.Lane).Select(grain => GrainKeys.Parse(grain.Key).Index).Distinct().Order()),
                silo.Count()));
    }

    private static IEnumerable<ShardLine> Shards(RunView view)
    {
        for (var shard = 0; shard < view.ParameterShards.Length; shard++) yield return Line("parameters", shard, view.ParameterMembers(shard));
        for (var shard = 0; shard < view.NegativeShards.Length; shard++) yield return Line("negatives", shard, view.NegativeMembers(shard));

        static ShardLine Line(string kind, int shard, IEnumerable<string> members)
        {
            string[] silos = [.. members.Select(key => GrainKeys.Parse(key).Silo)];
            return new(kind, shard, silos[0], silos[1..]);
        }
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
