using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans;
using OrleansContrastive.Contracts.Evaluation;
using OrleansContrastive.Contracts.Runs;
using OrleansContrastive.Contracts.Shards;
using OrleansContrastive.Contracts.Workers;
using OrleansContrastive.Grains.Silos;

namespace OrleansContrastive.Hosting.Workers;

/// <summary>
/// Speaks for this silo: sends heartbeats to the runs it serves, wakes the grains that they want here, and starts and
/// stops its own encoders.
/// </summary>
internal sealed partial class WorkerHost(
    IGrainFactory grains,
    SiloIdentity silo,
    RunCatalog catalog,
    IOptions<WorkerOptions> options,
    TimeProvider time,
    ILogger<WorkerHost> logger) : BackgroundService
{
    private static readonly TimeSpan FirstHeartbeats = TimeSpan.FromMilliseconds(20);

    private readonly string[] _lanes = LaneFactory.Names(options.Value);
    private readonly Dictionary<string, HashSet<string>> _active = [];
    private readonly HashSet<string> _running = [];

    /// <inheritdoc/>
    protected async override Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            while (true)
            {
                var settled = true;
                foreach (var run in catalog.Runs) settled &= await ServeAsync(run);
                await Task.Delay(settled && catalog.Runs.Count > 0 ? options.Value.Heartbeat : FirstHeartbeats, time, stoppingToken);
            }
        }
        catch (OperationCanceledException)
        {
            foreach (var encoder in _running) await StopAsync(encoder);
        }
    }

    /// <summary>One heartbeat. True when the run has nothing more to set up here.</summary>
    private async Task<bool> ServeAsync(string run)
    {
        if (!_active.TryGetValue(run, out var active)) _active.Add(run, active = []);
        try
        {
            var assignment = await grains.GetGrain<ITrainingRunGrain>(run).HeartbeatAsync(new()
            {
                Silo = silo.Name,
                Roles = silo.Roles,
                Lanes = _lanes,
                Active = [.. active],
            });
            var asleep = assignment.Grains.Where(key => !active.Contains(key)).ToList();
            await Task.WhenAll(asleep.Select(key => Find(key).WakeAsync()));
            active.UnionWith(asleep);
            foreach (var key in assignment.Grains.Where(IsEncoder))
            {
                if (assignment.Running && _running.Add(key)) await grains.GetGrain<IEncoderGrain>(key).StartAsync();
                if (!assignment.Running && _running.Remove(key) && assignment.Finished) await StopAsync(key);
            }

            return asleep.Count == 0 && (assignment.Running || assignment.Finished);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            // The run grain may be moving; the next heartbeat finds it.
            Log.HeartbeatFailed(logger, run, exception);
            return true;
        }
    }

    private async Task StopAsync(string encoder)
    {
        try
        {
            await grains.GetGrain<IEncoderGrain>(encoder).StopAsync();
        }
        catch (Exception exception)
        {
            Log.StopFailed(logger, encoder, exception);
        }
    }

    private static bool IsEncoder(string key) => key.Split('/')[1] == "enc";

    private ISiloGrain Find(string key) => key.Split('/')[1] switch
    {
        "aug" => grains.GetGrain<IAugmentationGrain>(key),
        "enc" => grains.GetGrain<IEncoderGrain>(key),
        "key" => grains.GetGrain<IMomentumEncoderGrain>(key),
        "neg" => grains.GetGrain<INegativeStoreGrain>(key),
        "par" => grains.GetGrain<IParameterServerGrain>(key),
        "eval" => grains.GetGrain<IEvaluationGrain>(key),
        var kind => throw new ArgumentException($"Grain '{key}' is of the unknown kind '{kind}'."),
    };

    private static partial class Log
    {
        [LoggerMessage(20, LogLevel.Warning, "Heartbeat to run {Run} failed")]
        public static partial void HeartbeatFailed(ILogger logger, string run, Exception exception);

        [LoggerMessage(21, LogLevel.Warning, "Encoder {Encoder} did not stop in order")]
        public static partial void StopFailed(ILogger logger, string encoder, Exception exception);
    }
}
