using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OrleansContrastive.Hosting.Health;

namespace OrleansContrastive.Hosting.Workers;

/// <summary>Looks into the run directory from time to time, and has the silo serve what it finds.</summary>
internal sealed partial class RunDirectoryWatcher(
    RunDirectory directory, RunCatalog catalog, NodeHealth health, IOptions<WorkerOptions> options, TimeProvider time, ILogger<RunDirectoryWatcher> logger)
    : BackgroundService
{
    private bool _failing;

    /// <inheritdoc/>
    protected async override Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var period = new PeriodicTimer(options.Value.DirectoryPeriod, time);
        do
        {
            await LookAsync(stoppingToken);
        }
        while (await period.WaitForNextTickAsync(stoppingToken));
    }

    private async Task LookAsync(CancellationToken cancellationToken)
    {
        try
        {
            foreach (var run in await directory.ListAsync(cancellationToken)) catalog.Add(run);
            health.StoreAnswered();
            if (_failing) Log.StoreIsBack(logger);
            _failing = false;
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            // Runs that are known go on; only the first failure is worth a line.
            if (!_failing) Log.StoreFails(logger, exception);
            _failing = true;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(30, LogLevel.Warning, "The run directory cannot be read; new runs are not seen until it can")]
        public static partial void StoreFails(ILogger logger, Exception exception);

        [LoggerMessage(31, LogLevel.Information, "The run directory can be read again")]
        public static partial void StoreIsBack(ILogger logger);
    }
}
