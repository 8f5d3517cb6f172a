using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans;
using Orleans.Runtime;
using OrleansContrastive.Grains.Silos;
using OrleansContrastive.Hosting.Health;

namespace OrleansContrastive.Hosting.Workers;

/// <summary>
/// Speaks for this silo: serves every run of the catalog side by side, so that a run grain which does not answer holds up no
/// other run; and drains them all when the silo stops: before any other service of the process stops, so that the health
/// endpoints say until the end what it is doing, and before it leaves the cluster.
/// </summary>
internal sealed partial class WorkerHost(
    IGrainFactory grains,
    SiloIdentity silo,
    RunCatalog catalog,
    NodeHealth health,
    IMembershipTable membership,
    ILocalSiloDetails details,
    IOptions<WorkerOptions> options,
    TimeProvider time,
    ILogger<WorkerHost> logger) : BackgroundService, IHostedLifecycleService
{
    private static readonly TimeSpan TablePatience = TimeSpan.FromSeconds(3);

    private readonly Dictionary<string, (RunServer Server, Task Served)> _serving = [];

    /// <inheritdoc/>
    protected async override Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await foreach (var run in catalog.AddedAsync(stoppingToken))
            {
                var server = new RunServer(run, grains, silo, options.Value, health, time, logger);
                _serving.Add(run, (server, server.ServeAsync(stoppingToken)));
            }
        }
        catch (OperationCanceledException)
        {
            await DrainAsync();
        }
    }

    /// <inheritdoc/>
    public Task StoppingAsync(CancellationToken cancellationToken)
    {
        health.Stopping();
        return StopAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private async Task DrainAsync()
    {
        var began = time.GetTimestamp();
        await Task.WhenAll(_serving.Values.Select(run => run.Served));
        if (await IsDeclaredDeadAsync())
        {
            // Nobody listens to it any more, and what it had is others' already.
            health.DeclaredDead();
            return;
        }

        using var patience = new CancellationTokenSource(options.Value.DrainTimeout, time);
        var handedOver = await Task.WhenAll(_serving.Values.Select(run => run.Server.LeaveAsync(patience.Token)));
        if (_serving.Count > 0) Log.Drained(logger, handedOver.Count(done => done), _serving.Count, time.GetElapsedTime(began).TotalSeconds);
    }

    private async Task<bool> IsDeclaredDeadAsync()
    {
        try
        {
            return (await membership.ReadRow(details.SiloAddress).WaitAsync(TablePatience)).Members is [{ Item1.Status: SiloStatus.Dead }];
        }
        catch (Exception exception)
        {
            Log.TableFailed(logger, exception.Message);
            return false;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(22, LogLevel.Information, "Drained: {HandedOver} of {Runs} runs took everything over, after {Seconds:F1} s")]
        public static partial void Drained(ILogger logger, int handedOver, int runs, double seconds);

        [LoggerMessage(24, LogLevel.Warning, "The membership table cannot be read while the silo stops: {Reason}")]
        public static partial void TableFailed(ILogger logger, string reason);
    }
}
