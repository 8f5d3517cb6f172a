using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OrleansContrastive.Hosting.Workers;

namespace OrleansContrastive.Hosting.Nodes;

/// <summary>Tries, for silos that are about to join, whether they can be reached.</summary>
internal sealed partial class ReachabilityResponder(
    Reachability reachability, IOptions<WorkerOptions> options, TimeProvider time, ILogger<ReachabilityResponder> logger) : BackgroundService
{
    /// <inheritdoc/>
    protected async override Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var tried = new HashSet<string>(StringComparer.Ordinal);
        using var period = new PeriodicTimer(options.Value.DirectoryPeriod, time);
        while (await period.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await reachability.TryOthersAsync(tried, stoppingToken);
            }
            catch (Exception exception) when (exception is not OperationCanceledException)
            {
                Log.Failed(logger, exception.Message);
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(41, LogLevel.Debug, "A joining silo's address could not be tried: {Reason}")]
        public static partial void Failed(ILogger logger, string reason);
    }
}
