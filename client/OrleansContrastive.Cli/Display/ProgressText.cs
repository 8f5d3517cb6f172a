using System.Globalization;
using OrleansContrastive.Contracts.Evaluation;
using OrleansContrastive.Contracts.Runs;

namespace OrleansContrastive.Cli.Display;

/// <summary>Progress in words and numbers, for both displays.</summary>
internal static class ProgressText
{
    /// <summary>What begins, and where it lies.</summary>
    public static IEnumerable<string> Begin(RunStatus status, string folder) => [.. Begin(status), $"Folder: {folder}"];

    /// <summary>What begins.</summary>
    public static IEnumerable<string> Begin(RunStatus status)
    {
        var spec = status.Spec!;
        var consistency = spec.Consistency.Mode switch
        {
            ConsistencyMode.Lockstep => $"lockstep, {spec.Consistency.Slots} slots",
            ConsistencyMode.Bounded => $"bounded, at most {spec.MaximumStaleness} versions old",
            _ => "unbounded",
        };
        yield return Text($"{spec.Method}, {spec.Model.Encoder} ({spec.Model.Precision}), {spec.Dataset.Name}: {spec.Dataset.Count:N0} images, {Many(spec.Epochs, "epoch")}, batch {spec.Batch}.");
        yield return Text($"{Many(spec.Topology.Encoders, "encoder")} with {spec.LeaseSize} images each ({consistency}), {Many(spec.Topology.KeyEncoders, "key encoder")}, {Many(spec.Topology.ParameterShards, "parameter shard")}, {Memory(spec)}.");
    }

    /// <summary>All that a run says of itself, a thing a line.</summary>
    public static IEnumerable<string> Status(RunStatus status)
    {
        yield return $"Run {status.Run} is {status.Phase.ToString().ToLowerInvariant()}{(status.Problem is null ? "." : $": {status.Problem}")}";
        if (status.Spec is not { } spec) yield break;
        yield return Text($"  leases     {status.LeasesDone:N0} of {spec.TotalLeases:N0}; version {status.Version:N0}, history {status.History}");
        yield return Text($"  samples    {status.SamplesApplied:N0} applied, {status.SamplesSkipped:N0} skipped, {status.BrokenImages:N0} broken images");
        yield return Text($"  loss       {status.Loss:F3} (chance {status.ChanceLevel:F3}), accuracy {status.Accuracy:P1}");
        yield return Text($"  speed      {status.ImagesPerSecond:N0} images/s; staleness {status.Staleness:F1}, key lag {status.KeyLag:F1}");
        if (status.Health is { } health)
            yield return Text($"  embeddings std*sqrt(D) {health.StdRootD:F2}, rank {health.EffectiveRank:F1}, alignment {health.Alignment:F2}, uniformity {health.Uniformity:F2}, positive {health.PositiveSimilarity:F2}, hardest negative {health.HardestNegativeSimilarity:F2}");
        if (status.Alarm is { } alarm) yield return $"  ALARM      {alarm}";
        yield return Text($"  rolled back {status.UpdatesRolledBack:N0} updates");
        yield return $"  checkpoint {status.Checkpoint ?? "none yet"}";
    }

    private static string Memory(RunSpec spec) => spec.Topology.NegativeShards == 0 ? "no memory"
        : spec.Contrast.Store == NegativeStoreKind.Bank ? Text($"{Many(spec.Topology.NegativeShards, "bank shard")} of together {spec.Dataset.Count:N0} rows")
        : Text($"{Many(spec.Topology.NegativeShards, "queue shard")} of together {spec.Contrast.QueueLength:N0} keys");

    private static string Many(int count, string what) => $"{count} {what}{(count == 1 ? "" : "s")}";

    /// <summary>One line.</summary>
    public static string Line(RunStatus status, KnnReport? verdict) =>
        string.Join("  ", Cells(status, verdict).Select(cell => $"{cell.Name} {cell.Value}"));

    /// <summary>The parts of a line.</summary>
    public static IEnumerable<(string Name, string Value)> Cells(RunStatus status, KnnReport? verdict)
    {
        var spec = status.Spec!;
        if (status.Phase == RunPhase.Preparing)
        {
            yield return ("preparing:", status.Problem ?? "the shards load their state");
            yield break;
        }

        yield return ("epoch", Text($"{Math.Min(spec.Epochs, (status.LeasesDone / spec.LeasesPerEpoch) + 1)}/{spec.Epochs}"));
        yield return ("step", Text($"{status.Version:N0}/{spec.TotalLeases / spec.Consistency.Slots:N0}"));
        yield return ("loss", Text($"{status.Loss:F3} (chance {status.ChanceLevel:F3})"));
        yield return ("images/s", Text($"{status.ImagesPerSecond:N0}"));
        yield return ("kNN", verdict is null ? "-" : Text($"{verdict.Results[0].Top1:P1} (quick, version {verdict.Version})"));
        yield return ("staleness", Text($"{status.Staleness:F1}"));
        yield return ("left", Left(status));
    }

    /// <summary>The verdict, for a person.</summary>
    public static IEnumerable<string> Verdict(RunResult result)
    {
        // A run that was only looked at has no clock and no losses.
        if (result.TrainSeconds > 0) yield return Text($"Trained {result.SamplesApplied:N0} samples in {result.TrainSeconds:F1} s ({result.ImagesPerSecond:N0} images/s); loss {result.Loss:F3}, chance {result.ChanceLevel:F3}.");
        if (result.KnnTop1 is null) yield break;
        yield return "kNN accuracy                k=200 T=0.1   k=20 T=0.07";
        yield return Row("encoder features", result.KnnTop1, result.Knn20Top1);
        yield return Row("  pooled to 2x2", result.KnnGridTop1, result.Knn20GridTop1);
        yield return Row("untrained encoder", result.RandomInitTop1, result.RandomInit20Top1);
        yield return Row("raw pixels", result.RawPixelTop1, result.RawPixel20Top1);
    }

    private static string Row(string name, double? first, double? second) => Text($"{name,-28}{first,8:P2}   {second,12:P2}");

    private static string Left(RunStatus status)
    {
        var rate = status.ImagesPerSecond;
        if (rate <= 0) return "-";
        var seconds = (status.Spec!.TotalSamples - (status.LeasesDone * status.Spec.LeaseSize)) / rate;
        return TimeSpan.FromSeconds(Math.Round(seconds)).ToString(seconds >= 3600 ? @"h\:mm\:ss" : @"m\:ss", CultureInfo.InvariantCulture);
    }

    private static string Text(FormattableString text) => FormattableString.Invariant(text);
}
