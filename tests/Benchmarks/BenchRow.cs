using System.Text.Json.Serialization;

namespace OrleansContrastive.Benchmarks;

/// <summary>What is reported of one contest. <c>Ratio</c> above 1 means that ours is better, whatever the unit.</summary>
internal sealed record BenchRow(string Name, double? Ours, double? Peer, string Unit, double? Ratio, double Budget)
{
    /// <summary>Half the range of the measurements over their median, of the less steady side.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? Spread { get; init; }

    /// <summary>Why nothing was measured, or under what reservation.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Note { get; init; }

    [JsonIgnore]
    public bool Failed { get; init; }

    [JsonIgnore]
    public string Verdict => (Failed, Ratio) switch
    {
        (true, _) => "FAILED",
        (_, null) => "not measured",
        (_, { } ratio) => ratio >= Budget ? "ok" : "BELOW BUDGET",
    };
}
