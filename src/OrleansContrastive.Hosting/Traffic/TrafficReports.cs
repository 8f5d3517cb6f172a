using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OrleansContrastive.Checkpoints.Stores;
using OrleansContrastive.Grains.Silos;

namespace OrleansContrastive.Hosting.Traffic;

/// <summary>Every silo's traffic, one small object each in the cluster's store, so that a killed silo's counts stay.</summary>
public sealed class TrafficReports(ICheckpointStore store, string clusterId)
{
    private string Folder => $"clusters/{ObjectKey.Segment(clusterId)}/traffic/";

    /// <summary>Puts a silo's counts in the place of its earlier ones.</summary>
    internal Task WriteAsync(string silo, IReadOnlyList<EdgeTraffic> edges, CancellationToken cancellationToken) =>
        store.WriteAsync($"{Folder}{ObjectKey.Segment(silo)}.json", JsonSerializer.SerializeToUtf8Bytes([.. edges], TrafficJson.Default.EdgeTrafficArray), default, cancellationToken);

    /// <summary>The counts of all silos, added up by edge.</summary>
    public async Task<IReadOnlyList<EdgeTraffic>> SumAsync(CancellationToken cancellationToken = default)
    {
        var all = new List<EdgeTraffic>();
        await foreach (var key in store.ListAsync(Folder, cancellationToken))
        {
            if (await store.ReadAsync(key, cancellationToken) is { } stored) all.AddRange(JsonSerializer.Deserialize(stored.Content.Span, TrafficJson.Default.EdgeTrafficArray) ?? []);
        }

        return
        [
            .. all.GroupBy(edge => (edge.From, edge.To, edge.Method))
                .Select(edge => new EdgeTraffic(edge.Key.From, edge.Key.To, edge.Key.Method, edge.Sum(one => one.Calls), edge.Sum(one => one.LocalBytes), edge.Sum(one => one.RemoteBytes)))
                .OrderByDescending(edge => edge.LocalBytes + edge.RemoteBytes),
        ];
    }
}

/// <summary>Writes this silo's counts down from time to time, where asked to (<c>Worker:TrafficPeriod</c>).</summary>
internal sealed partial class TrafficReporter(
    EdgeMeter meter, TrafficReports reports, SiloIdentity silo, TimeSpan period, TimeProvider time, ILogger<TrafficReporter> logger) : BackgroundService
{
    /// <inheritdoc/>
    protected async override Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(period, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await reports.WriteAsync(silo.Name, meter.Edges, stoppingToken);
            }
            catch (Exception exception) when (exception is not OperationCanceledException)
            {
                Log.Failed(logger, exception.Message);
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(50, LogLevel.Debug, "Traffic could not be written down: {Reason}")]
        public static partial void Failed(ILogger logger, string reason);
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(EdgeTraffic[]))]
internal sealed partial class TrafficJson : JsonSerializerContext;
