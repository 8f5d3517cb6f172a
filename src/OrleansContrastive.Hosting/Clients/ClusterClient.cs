using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Runtime;
using OrleansContrastive.Checkpoints.Stores;
using OrleansContrastive.Contracts.Runs;
using OrleansContrastive.Grains;
using OrleansContrastive.Hosting.Nodes;
using OrleansContrastive.Hosting.Storage;
using OrleansContrastive.Hosting.Workers;

namespace OrleansContrastive.Hosting.Clients;

/// <summary>No silo of a cluster answers; the message says which were tried, and what to do.</summary>
public sealed class ClusterUnavailableException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>A client of a running cluster, which it finds through the cluster's store. Safe for all threads.</summary>
public sealed class ClusterClient : IAsyncDisposable
{
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    private readonly IHost _host;

    private ClusterClient(IHost host, RunDirectory runs) => (_host, Runs) = (host, runs);

    /// <summary>The cluster's runs.</summary>
    public RunDirectory Runs { get; }

    /// <summary>The way to the grains.</summary>
    public IGrainFactory Grains => _host.Services.GetRequiredService<IClusterClient>();

    /// <summary>Connects to a gateway of the cluster.</summary>
    /// <param name="store">The cluster's store.</param>
    /// <param name="clusterId">Which of the clusters that keep their membership there.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <exception cref="ClusterUnavailableException">No silo is there, or none answers.</exception>
    public static async Task<ClusterClient> ConnectAsync(ICheckpointStore store, string clusterId, CancellationToken cancellationToken = default)
    {
        var tables = await ClusterPlace.ReadAsync(store, clusterId, cancellationToken);
        // What the table service knows, the provider asks it.
        var silos = tables is null ? await ActiveSilosAsync(store, clusterId) : null;
        if (silos is []) throw new ClusterUnavailableException(await DescribeAsync(store, clusterId, cancellationToken));
        if (tables is not null && AzureProviders.Lack is { } lack) throw new ClusterUnavailableException($"Cluster '{clusterId}' keeps its membership in {tables}, and {lack}");

        var builder = Host.CreateEmptyApplicationBuilder(new() { DisableDefaults = true });
        builder.Logging.ClearProviders();
        // A guarded cluster (Orleans:Network) asks its clients for what is in their environment.
        builder.Configuration.AddEnvironmentVariables();
        builder.UseOrleansClient(client =>
        {
            client.Configure<ClusterOptions>(options => (options.ClusterId, options.ServiceId) = (clusterId, ContrastiveNode.DefaultCluster));
            client.Configure<ClientMessagingOptions>(options => options.ResponseTimeout = AnswerWithin);
            if (tables is null) client.UseStoreClustering(store);
            else client.UseAzureTables(tables);
        });
        var host = builder.Build();
        try
        {
            await host.StartAsync(cancellationToken);
            return new(host, new(store, clusterId, TimeProvider.System));
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            host.Dispose();
            throw new ClusterUnavailableException(
                silos is null
                    ? $"No silo of cluster '{clusterId}' answers, whose membership lies in {tables}: {exception.Message}"
                    : $"Cluster '{clusterId}' lists {silos.Count} silos in {store.Location} ({string.Join(", ", silos)}), and none answers: {exception.Message}",
                exception);
        }
    }

    /// <summary>The run grain of a run.</summary>
    public ITrainingRunGrain Run(string run) => Grains.GetGrain<ITrainingRunGrain>(run);

    /// <summary>Calls a run, again where the call is lost because a silo is: the run grain may be moving.</summary>
    /// <param name="run">The run's id.</param>
    /// <param name="call">A call that may be repeated without harm.</param>
    /// <param name="patience">How long it is tried.</param>
    /// <param name="cancellationToken">Ends the tries.</param>
    public async Task<T> AskAsync<T>(string run, Func<ITrainingRunGrain, Task<T>> call, TimeSpan patience, CancellationToken cancellationToken = default)
    {
        var began = TimeProvider.System.GetTimestamp();
        while (true)
        {
            try
            {
                return await call(Run(run)).WaitAsync(cancellationToken);
            }
            catch (Exception exception) when (CallFaults.IsTransient(exception) && TimeProvider.System.GetElapsedTime(began) < patience)
            {
                await Task.Delay(Pause, cancellationToken);
            }
        }
    }

    /// <summary>Calls a run once; null where the call is lost, or is not answered in time.</summary>
    /// <param name="run">The run's id.</param>
    /// <param name="call">The call.</param>
    /// <param name="within">How long the answer is waited for.</param>
    public async Task<T?> TryAskAsync<T>(string run, Func<ITrainingRunGrain, Task<T>> call, TimeSpan within) where T : class
    {
        try
        {
            return await call(Run(run)).WaitAsync(within);
        }
        catch (Exception exception) when (CallFaults.IsTransient(exception))
        {
            return null;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        if (_host is IAsyncDisposable disposable) await disposable.DisposeAsync();
        else _host.Dispose();
    }

    private static async Task<IReadOnlyList<string>> ActiveSilosAsync(ICheckpointStore store, string clusterId) =>
        [.. (await new StoredMembership(store, clusterId).ReadAsync()).Rows.Where(row => row.Status == SiloStatus.Active).Select(row => row.SiloName ?? row.Address)];

    private static async Task<string> DescribeAsync(ICheckpointStore store, string clusterId, CancellationToken cancellationToken)
    {
        var known = new List<string>();
        await foreach (var key in store.ListAsync("clusters/", cancellationToken))
        {
            if (key.Split('/') is [_, var cluster, "membership.json"]) known.Add(cluster);
        }

        var start = $"Start one by: contrastive-silo --store {store.Location} --cluster {clusterId}";
        return known.Contains(ObjectKey.Segment(clusterId)) ? $"No silo of cluster '{clusterId}' is up (store {store.Location}). {start}"
            : known.Count == 0 ? $"There is no cluster in {store.Location}. {start}"
            : $"There is no cluster '{clusterId}' in {store.Location}; known: {string.Join(", ", known)}.";
    }
}
