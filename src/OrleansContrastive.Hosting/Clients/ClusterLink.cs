using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans;
using OrleansContrastive.Checkpoints.Stores;
using OrleansContrastive.Hosting.Workers;

namespace OrleansContrastive.Hosting.Clients;

/// <summary>
/// A client's link to a cluster that may not be up yet: a hosted service that connects as soon as it can, and keeps trying until then. Its
/// host starts and stays whether there is a cluster or not. Safe for all threads.
/// </summary>
public sealed partial class ClusterLink(ICheckpointStore store, string clusterId, TimeProvider time, ILogger<ClusterLink> logger) : BackgroundService
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(3);

    private volatile ClusterClient? _client;
    private volatile string _problem = "not tried yet";

    /// <summary>Whether a silo of the cluster has answered.</summary>
    public bool IsConnected => _client is not null;

    /// <summary>Why there is no link; of no use while there is one.</summary>
    public string Problem => _problem;

    /// <summary>The cluster's runs, as its store names them; there without a link too.</summary>
    public RunDirectory Runs { get; } = new(store, clusterId, time);

    /// <summary>The way to the grains.</summary>
    /// <exception cref="ClusterUnavailableException">There is no link yet.</exception>
    public IGrainFactory Grains => _client?.Grains ?? throw new ClusterUnavailableException(_problem);

    /// <inheritdoc/>
    public async override Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        if (Interlocked.Exchange(ref _client, null) is { } client) await client.DisposeAsync();
    }

    /// <inheritdoc/>
    protected async override Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            try
            {
                _client = await ClusterClient.ConnectAsync(store, clusterId, stoppingToken);
                Log.Connected(logger, clusterId, store.Location);
                return;
            }
            catch (Exception exception) when (exception is not OperationCanceledException)
            {
                // Only what is new is worth a line.
                if (exception.Message != _problem) Log.NotConnected(logger, clusterId, exception.Message);
                _problem = exception.Message;
            }

            await Task.Delay(Pause, time, stoppingToken);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(45, LogLevel.Information, "Connected to cluster {Cluster} by its store {Store}")]
        public static partial void Connected(ILogger logger, string cluster, string store);

        [LoggerMessage(46, LogLevel.Warning, "No link to cluster {Cluster} yet, trying on: {Reason}")]
        public static partial void NotConnected(ILogger logger, string cluster, string reason);
    }
}
