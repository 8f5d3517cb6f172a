using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace OrleansContrastive.Cli.Clusters;

/// <summary>What a demonstration of the cluster came to: a table for a person, and one JSON object as the last line.</summary>
internal sealed record DemoResult
{
    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.CamelCase };

    /// <summary>Whose silo was killed.</summary>
    public required string Victim { get; init; }

    /// <summary>Where membership, state of grains and checkpoints lay: <c>folder</c>, <c>azurite</c>, or an address without its secrets.</summary>
    public required string Storage { get; init; }

    /// <summary>kNN of the cluster's encoder, k = 200, from 0 to 1.</summary>
    public required double KnnTop1 { get; init; }

    /// <summary>kNN of the run of as many samples in one process; null where it was left out.</summary>
    public required double? SingleProcessKnnTop1 { get; init; }

    /// <summary>The longest time without a commit after the kill.</summary>
    public required double SecondsToProgress { get; init; }

    /// <summary>From the kill until the replacement has joined the cluster.</summary>
    public required double SecondsToReplacement { get; init; }

    /// <summary>Silos that ended though nobody had killed them, and were started again: those that a busy machine made silent for too long.</summary>
    public required int SilosEnded { get; init; }

    /// <summary>Commits that encoders were told count, and that the last checkpoint does not hold.</summary>
    public required int UpdatesLost { get; init; }

    /// <summary>Updates undone by roll-backs, as the run says.</summary>
    public required long UpdatesRolledBack { get; init; }

    /// <summary>Samples that count more than once.</summary>
    public required long SamplesCountedTwice { get; init; }

    /// <summary>Samples that do not count.</summary>
    public required long SamplesNeverCounted { get; init; }

    /// <summary>Commits that encoders were told count.</summary>
    public required int UpdatesAcknowledged { get; init; }

    /// <summary>Leases that were granted again, by any of the run's owners.</summary>
    public required long LeasesGrantedAgain { get; init; }

    /// <summary>Samples per second over the whole run, the kill included.</summary>
    public required double ImagesPerSecond { get; init; }

    /// <summary>Samples per second in one process; null where it was left out.</summary>
    public required double? SingleProcessImagesPerSecond { get; init; }

    /// <summary>Gradient staleness in versions: half of the updates are at most this. Where the run's owner died, the higher one of its owners.</summary>
    public required long StalenessP50 { get; init; }

    /// <summary>Gradient staleness in versions: 99 % are at most this, as above.</summary>
    public required long StalenessP99 { get; init; }

    /// <summary>Mean payload bytes of one lease by edge, within silos and between them.</summary>
    public required IReadOnlyDictionary<string, long> BytesPerLease { get; init; }

    /// <summary>Samples applied.</summary>
    public required long Samples { get; init; }

    /// <summary>Where store, logs and ledgers lie.</summary>
    public required string Folder { get; init; }

    /// <summary>Both books agree: nothing was lost, and every sample counts once.</summary>
    [JsonIgnore]
    public bool IsExact => UpdatesLost == 0 && SamplesCountedTwice == 0 && SamplesNeverCounted == 0;

    /// <summary>The line.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, Json);

    /// <summary>The table.</summary>
    public IEnumerable<string> Table()
    {
        yield return Row($"store: {Storage}", "cluster", "one process");
        yield return Row("kNN accuracy (k = 200)", Text($"{KnnTop1:P2}"), SingleProcessKnnTop1 is { } single ? Text($"{single:P2}") : "-");
        yield return Row("images/s", Text($"{ImagesPerSecond:N0}"), SingleProcessImagesPerSecond is { } rate ? Text($"{rate:N0}") : "-");
        yield return Row($"progress after the death of {Victim}", Text($"{SecondsToProgress:F1} s"));
        yield return Row("replacement in the cluster", Text($"{SecondsToReplacement:F1} s"));
        if (SilosEnded > 0) yield return Row("silos that ended by themselves", Text($"{SilosEnded:N0}"));
        yield return Row("updates acknowledged", Text($"{UpdatesAcknowledged:N0}"));
        yield return Row("updates lost", Text($"{UpdatesLost:N0}"));
        yield return Row("updates rolled back", Text($"{UpdatesRolledBack:N0}"));
        yield return Row("leases granted again", Text($"{LeasesGrantedAgain:N0}"));
        yield return Row("samples counted twice", Text($"{SamplesCountedTwice:N0}"));
        yield return Row("samples never counted", Text($"{SamplesNeverCounted:N0}"));
        yield return Row("gradient staleness, median / 99 %", Text($"{StalenessP50} / {StalenessP99} versions"));
        foreach (var (edge, bytes) in BytesPerLease) yield return Row($"{edge} per lease", Text($"{bytes / 1024.0:N0} KiB"));
    }

    private static string Row(string what, string cluster, string single = "") => $"{what,-42}{cluster,16}{single,16}".TrimEnd();

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
