using System.Text.Json;
using System.Text.Json.Serialization;
using OrleansContrastive.Checkpoints.Manifests;

namespace OrleansContrastive.Cli.Checkpoints;

/// <summary>A published checkpoint, as a row of a table and as JSON.</summary>
internal sealed record CheckpointLine
{
    public required long Version { get; init; }

    public DateTimeOffset? CreatedAt { get; init; }

    public long? SamplesApplied { get; init; }

    public int? Epoch { get; init; }

    public long? History { get; init; }

    public long? Term { get; init; }

    public int? Files { get; init; }

    public long? Bytes { get; init; }

    /// <summary>Why its manifest cannot be understood; null = it can.</summary>
    public string? Problem { get; init; }

    /// <summary>Missing or changed files; null = nobody looked.</summary>
    public IReadOnlyList<CheckpointDamage>? Damage { get; init; }

    [JsonIgnore]
    public bool IsWhole => Problem is null && Damage is null or [];

    public static CheckpointLine Of(Manifest manifest) => new()
    {
        Version = manifest.Version,
        CreatedAt = manifest.CreatedAt,
        SamplesApplied = manifest.SamplesApplied,
        Epoch = manifest.Cursor.Epoch,
        History = manifest.History,
        Term = manifest.Term,
        Files = manifest.Files.Count,
        Bytes = manifest.Files.Sum(file => file.Bytes),
    };
}

/// <summary>A file that is missing or not the one that was written.</summary>
internal sealed record CheckpointDamage(string File, string Expected, string Found);

/// <summary>What a checkpoint command found or did.</summary>
internal sealed record CheckpointReport
{
    private static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    public required string Store { get; init; }

    public required string Run { get; init; }

    public IReadOnlyList<CheckpointLine>? Checkpoints { get; init; }

    /// <summary>Versions that were deleted.</summary>
    public IReadOnlyList<long>? Deleted { get; init; }

    /// <summary>Versions that do not count any more.</summary>
    public IReadOnlyList<long>? Withdrawn { get; init; }

    /// <summary>Versions that are left.</summary>
    public IReadOnlyList<long>? Kept { get; init; }

    public string ToJson() => JsonSerializer.Serialize(this, Options);
}
