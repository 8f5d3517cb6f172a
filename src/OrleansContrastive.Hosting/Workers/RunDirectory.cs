using System.Text.Json;
using System.Text.Json.Serialization;
using OrleansContrastive.Checkpoints;
using OrleansContrastive.Checkpoints.Stores;

namespace OrleansContrastive.Hosting.Workers;

/// <summary>
/// The runs of a cluster, one small object each in its store: how silos learn of a run that a client starts, without being
/// called or configured. Thread-safe, also between processes.
/// </summary>
public sealed class RunDirectory(ICheckpointStore store, string clusterId, TimeProvider time)
{
    private string Prefix => $"clusters/{ObjectKey.Segment(clusterId)}/runs/";

    /// <summary>Enters a run; one that is there already stays as it is. True where it was new.</summary>
    /// <exception cref="ArgumentException">The id is empty, holds a slash, or a character that the store cannot keep.</exception>
    public async Task<bool> AddAsync(string run, CancellationToken cancellationToken = default)
    {
        RunCatalog.Check(run);
        var entry = new DirectoryEntry { Run = run, Since = time.GetUtcNow() };
        try
        {
            await store.WriteAsync(
                KeyOf(run), JsonSerializer.SerializeToUtf8Bytes(entry, DirectoryJson.Default.DirectoryEntry), WriteCondition.IfAbsent, cancellationToken);
            return true;
        }
        catch (ConditionFailedException)
        {
            return false;
        }
    }

    /// <summary>The runs, in the order of their ids.</summary>
    public async Task<IReadOnlyList<string>> ListAsync(CancellationToken cancellationToken = default)
    {
        var runs = new List<string>();
        await foreach (var key in store.ListAsync(Prefix, cancellationToken))
        {
            if (key.EndsWith(Suffix, StringComparison.Ordinal)) runs.Add(key[Prefix.Length..^Suffix.Length]);
        }

        return runs;
    }

    /// <summary>Since when a run is entered; null where it is not.</summary>
    /// <exception cref="CheckpointException">The object is damaged.</exception>
    public async Task<DateTimeOffset?> SinceAsync(string run, CancellationToken cancellationToken = default)
    {
        if (await store.ReadAsync(KeyOf(run), cancellationToken) is not { } stored) return null;
        try
        {
            return JsonSerializer.Deserialize(stored.Content.Span, DirectoryJson.Default.DirectoryEntry)?.Since;
        }
        catch (JsonException fault)
        {
            throw new CheckpointException($"'{KeyOf(run)}' in {store.Location} is not an entry of a run: {fault.Message}", fault);
        }
    }

    private const string Suffix = ".json";

    private string KeyOf(string run) => $"{Prefix}{run}{Suffix}";
}

/// <summary>A run in the directory.</summary>
internal sealed record DirectoryEntry
{
    [JsonRequired]
    public required string Run { get; init; }

    [JsonRequired]
    public required DateTimeOffset Since { get; init; }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(DirectoryEntry))]
internal sealed partial class DirectoryJson : JsonSerializerContext;
