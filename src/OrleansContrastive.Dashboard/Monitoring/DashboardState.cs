using System.Text.Json.Serialization;

namespace OrleansContrastive.Dashboard.Monitoring;

/// <summary>All that the page shows.</summary>
internal sealed record DashboardState(DateTimeOffset At, string? Problem, IReadOnlyList<RunPanel> Runs, IReadOnlyList<DashboardEvent> Events)
{
    public static DashboardState Empty { get; } = new(default, null, [], []);
}

/// <summary>Something that happened, newest first on the page.</summary>
internal sealed record DashboardEvent(DateTimeOffset At, string Run, bool Warning, string Text);

/// <summary>One run.</summary>
internal sealed record RunPanel
{
    public required string Run { get; init; }

    public required string Phase { get; init; }

    /// <summary>Method, data set and encoder in a few words; null before the run was started.</summary>
    public string? Title { get; init; }

    public string? Problem { get; init; }

    /// <summary>Share of the run that is done, 0 to 1.</summary>
    public double Progress { get; init; }

    public long Version { get; init; }

    public double? Loss { get; init; }

    public double? ChanceLevel { get; init; }

    public double ImagesPerSecond { get; init; }

    /// <summary>Numbers by name, in the order of the page.</summary>
    public IReadOnlyList<Fact> Facts { get; init; } = [];

    public IReadOnlyList<CurvePoint> Curve { get; init; } = [];

    public IReadOnlyList<KnnPoint> Knn { get; init; } = [];

    public bool Judging { get; init; }

    public IReadOnlyList<Clock> Clocks { get; init; } = [];

    /// <summary>What becomes of batch-norm statistics.</summary>
    public string? BatchNorm { get; init; }

    public IReadOnlyList<SiloLine> Silos { get; init; } = [];

    public IReadOnlyList<ShardLine> Shards { get; init; } = [];
}

/// <summary>A number with its name.</summary>
internal sealed record Fact(string Name, string Value);

/// <summary>Loss and throughput at a time.</summary>
internal sealed record CurvePoint(double Seconds, double? Loss, double Rate);

/// <summary>A kNN evaluation.</summary>
internal sealed record KnnPoint(long Version, double Top1, double Top1Near);

/// <summary>A clock of asynchrony: ages in versions.</summary>
internal sealed record Clock(string Name, long Count, long P50, long P90, long P99, long Max);

/// <summary>What a silo hosts for a run.</summary>
internal sealed record SiloLine(string Silo, string Roles, string Lanes, int Grains);

/// <summary>Who keeps a shard.</summary>
internal sealed record ShardLine(string Kind, int Shard, string Primary, IReadOnlyList<string> Followers);

/// <summary>The JSON of the page.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(DashboardState))]
internal sealed partial class DashboardJson : JsonSerializerContext;
