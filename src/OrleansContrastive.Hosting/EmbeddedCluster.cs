using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans;
using Orleans.Configuration;
using Orleans.Hosting;
using OrleansContrastive.Checkpoints.Stores;
using OrleansContrastive.Contracts.Runs;
using OrleansContrastive.Data.Datasets;
using OrleansContrastive.Grains.Silos;
using OrleansContrastive.Hosting.Nodes;
using OrleansContrastive.Hosting.Workers;
using TorchSharp;

namespace OrleansContrastive.Hosting;

/// <summary>One silo with all roles, in this process: what <c>contrastive train</c> and the tests run on.</summary>
public sealed class EmbeddedCluster : IAsyncDisposable
{
    private readonly IHost _host;

    private EmbeddedCluster(IHost host) => _host = host;

    /// <summary>The way to the grains.</summary>
    public IGrainFactory Grains => _host.Services.GetRequiredService<IGrainFactory>();

    /// <summary>The silo's services.</summary>
    public IServiceProvider Services => _host.Services;

    /// <summary>The device of each lane.</summary>
    public IReadOnlyList<torch.Device> Devices => [.. _host.Services.GetRequiredService<DeviceLanes>().Lanes.Select(lane => lane.Device)];

    /// <summary>Starts the silo on free loopback ports, under a cluster id of its own.</summary>
    /// <param name="store">Where checkpoints and run records lie.</param>
    /// <param name="configure">What the silo offers.</param>
    /// <param name="logging">Where its log goes; nowhere by default.</param>
    /// <param name="cancellationToken">Ends the start.</param>
    public static async Task<EmbeddedCluster> StartAsync(
        ICheckpointStore store,
        Action<WorkerOptions>? configure = null,
        Action<ILoggingBuilder>? logging = null,
        CancellationToken cancellationToken = default)
    {
        // An empty builder: neither files beside the program nor the environment change an embedded silo.
        var builder = Host.CreateEmptyApplicationBuilder(new() { DisableDefaults = true });
        builder.Logging.ClearProviders();
        logging?.Invoke(builder.Logging);
        builder.UseOrleans(silo =>
        {
            var (siloPort, gatewayPort) = FreePorts.Choose(IPAddress.Loopback);
            silo.UseLocalhostClustering(siloPort, gatewayPort, null, "contrastive", $"embedded-{Guid.NewGuid():N}");
            silo.Configure<SiloMessagingOptions>(options => options.ResponseTimeout = TimeSpan.FromMinutes(2));
            silo.AddContrastive(store, options =>
            {
                options.Silo = "embedded";
                configure?.Invoke(options);
            });
        });
        var host = builder.Build();
        try
        {
            await host.StartAsync(cancellationToken);
        }
        catch
        {
            host.Dispose();
            throw;
        }

        return new(host);
    }

    /// <summary>The run grain of a run, which this silo serves from now on.</summary>
    public ITrainingRunGrain Run(string run)
    {
        Services.GetRequiredService<RunCatalog>().Add(run);
        return Grains.GetGrain<ITrainingRunGrain>(run);
    }

    /// <summary>Why kNN cannot judge what was learned from these images: they have no labels, or there is nothing to test it on. Null = it can.</summary>
    public string? WhyNotJudged(DatasetSpec images)
    {
        var datasets = Services.GetRequiredService<DatasetShelf>();
        try
        {
            return datasets.Training(images).HasLabels && datasets.Test(images).HasLabels ? null : $"kNN needs labels; data set {images.Name} has none.";
        }
        catch (DatasetException exception)
        {
            return exception.Message;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        if (_host is IAsyncDisposable disposable) await disposable.DisposeAsync();
        else _host.Dispose();
    }
}
