using System.Text.Json;
using System.Text.Json.Serialization;
using OrleansContrastive.Contracts.Runs;

namespace OrleansContrastive.Cli.Display;

/// <summary>A run's status as one line of JSON, with everything that the run says of itself.</summary>
internal static class StatusJson
{
    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };

    /// <summary>The line.</summary>
    public static string Line(RunStatus status) => JsonSerializer.Serialize(status with { RecentLosses = [] }, Json);
}
