using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Orleans.Hosting;
using OrleansContrastive.Checkpoints.Stores;
using OrleansContrastive.Grains.Runs;
using OrleansContrastive.Grains.Silos;
using OrleansContrastive.Hosting.Health;
using OrleansContrastive.Hosting.Storage;
using OrleansContrastive.Hosting.Workers;

namespace OrleansContrastive.Hosting;

/// <summary>Makes an Orleans silo a node of contrastive training.</summary>
public static class ContrastiveSilo
{
    /// <summary>Adds the grains' services, the worker host, and the storage of run records.</summary>
    /// <param name="silo">The silo.</param>
    /// <param name="store">Where checkpoints and run records lie.</param>
    /// <param name="configure">What the silo offers.</param>
    public static ISiloBuilder AddContrastive(this ISiloBuilder silo, ICheckpointStore store, Action<WorkerOptions>? configure = null)
    {
        var services = silo.Services;
        services.AddOptions<WorkerOptions>().Configure(options => configure?.Invoke(options)).ValidateOnStart();
        services.AddSingleton<IValidateOptions<WorkerOptions>, WorkerOptionsValidator>();
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(store);
        services.AddSingleton<CheckpointShelf>();
        services.AddSingleton<DatasetShelf>();
        services.AddSingleton<RunCatalog>();
        services.AddSingleton<NodeHealth>();
        services.TryAddSingleton(ICommitLedger.None);
        services.AddSingleton(provider => new Handicap(Options(provider).Handicap));
        services.AddSingleton(provider => LaneFactory.Create(Options(provider)));
        services.AddSingleton(provider => new MachineDescription(LaneFactory.ThreadsPerLane(Options(provider))));
        services.AddSingleton(provider => new SiloIdentity(NameOf(Options(provider)), Options(provider).Roles));
        services.AddHostedService<WorkerHost>();
        silo.AddIncomingGrainCallFilter<CallLatency>();
        silo.AddStoreGrainStorage(RunStorage.Provider, store);
        return silo;
    }

    private static WorkerOptions Options(IServiceProvider provider) => provider.GetRequiredService<IOptions<WorkerOptions>>().Value;

    /// <summary>What a silo is called: as the options say, or by machine and process.</summary>
    internal static string NameOf(WorkerOptions options) =>
        options.Silo.Length > 0 ? options.Silo : $"{Environment.MachineName}-{Environment.ProcessId}";
}
