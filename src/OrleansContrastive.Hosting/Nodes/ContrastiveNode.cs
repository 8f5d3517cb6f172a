using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans;
using Orleans.Configuration;
using Orleans.Hosting;
using OrleansContrastive.Grains.Runs;
using OrleansContrastive.Grains.Silos;
using OrleansContrastive.Hosting.Health;
using OrleansContrastive.Hosting.Ledgers;
using OrleansContrastive.Hosting.Storage;
using OrleansContrastive.Hosting.Workers;

namespace OrleansContrastive.Hosting.Nodes;

/// <summary>A node of a cluster, as configuration describes it.</summary>
public static class ContrastiveNode
{
    /// <summary>Cluster and service where none is named.</summary>
    public const string DefaultCluster = "contrastive";

    /// <summary>
    /// Adds the silo, its health checks and its self-test, from the sections <c>Cluster</c>, <c>Store</c>, <c>Endpoints</c>,
    /// <c>Membership</c>, <c>Worker</c> and <c>Health</c>, and loads the assemblies of <c>Contrastive:Methods</c> (<see cref="MethodLibraries"/>). All problems of all
    /// sections are found at once.
    /// </summary>
    /// <exception cref="OptionsValidationException">The options cannot work; each failure says where, what is expected and what was found.</exception>
    public static NodeDescription AddContrastiveNode(this IHostApplicationBuilder builder)
    {
        var settings = NodeSettings.Read(builder.Configuration);
        var address = settings.Endpoints.Resolve();
        var (siloPort, gatewayPort) = FreePorts.Choose(address, settings.Endpoints.SiloPort, settings.Endpoints.GatewayPort);
        // A silo that starts again has lost its state: to the runs it is another one.
        var name = $"{ContrastiveSilo.NameOf(settings.Worker)}-{Incarnation()}";
        var store = settings.Store.Open();
        var services = builder.Services;
        if (settings.Worker.LedgerFolder.Length > 0) services.AddSingleton<ICommitLedger>(_ => new CommitLedgerFile(settings.Worker.LedgerFolder, name));
        services.Configure<HostOptions>(options => options.ShutdownTimeout = settings.Worker.DrainTimeout + TimeSpan.FromSeconds(10));
        builder.UseOrleans(silo =>
        {
            silo.Configure<ClusterOptions>(options => (options.ClusterId, options.ServiceId) = (settings.Cluster.ClusterId, DefaultCluster));
            silo.Configure<SiloOptions>(options => options.SiloName = name);
            silo.ConfigureEndpoints(address, siloPort, gatewayPort, settings.Endpoints.ListenOnAny);
            silo.Configure<EndpointOptions>(options => Redirect(options, settings.Endpoints));
            silo.Configure<ClusterMembershipOptions>(options =>
            {
                options.ProbeTimeout = settings.Membership.ProbeTimeout;
                options.NumMissedProbesLimit = settings.Membership.MissedProbes;
                options.NumVotesForDeathDeclaration = settings.Membership.Votes;
                options.TableRefreshTimeout = settings.Membership.TableRefresh;
                options.IAmAliveTablePublishTimeout = settings.Membership.IAmAlive;
            });
            silo.Configure<GrainTypeOptions>(types => GrainRoles.Keep(types, settings.Worker.Roles));
            silo.AddContrastive(store, options =>
            {
                NodeSettings.Bind(builder.Configuration, options);
                options.Silo = name;
            });
            if (settings.Cluster.TableService is { } tables) silo.UseAzureTables(tables, settings.Store.Place, RunStorage.Provider);
            else silo.UseStoreClustering(store);
        });
        services.AddSingleton(provider => new RunDirectory(store, settings.Cluster.ClusterId, provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton(provider => ActivatorUtilities.CreateInstance<Reachability>(provider, settings.Endpoints.ReachableWithin));
        services.AddSingleton(provider => new SelfTest(
            store,
            provider.GetRequiredService<SiloIdentity>(),
            settings.Worker,
            settings.Cluster,
            provider.GetRequiredService<IMembershipTable>(),
            provider.GetRequiredService<Reachability>(),
            provider.GetRequiredService<ILogger<SelfTest>>()));
        services.AddHostedService<RunDirectoryWatcher>();
        services.AddHostedService<ReachabilityResponder>();
        services.AddNodeHealth();
        return new()
        {
            Name = name,
            Cluster = settings.Cluster.ClusterId,
            Roles = RoleNames.Text(settings.Worker.Roles),
            Silo = new(address, siloPort),
            Gateway = new(address, gatewayPort),
            Health = new(IPAddress.Parse(settings.Health.Address), settings.Health.Port),
        };
    }

    private static void Redirect(EndpointOptions options, EndpointSettings settings)
    {
        var listen = settings.ListenOnAny ? IPAddress.Any : options.AdvertisedIPAddress;
        if (settings.ListenSiloPort != 0) options.SiloListeningEndpoint = new(listen, settings.ListenSiloPort);
        if (settings.ListenGatewayPort != 0) options.GatewayListeningEndpoint = new(listen, settings.ListenGatewayPort);
    }

    private static string Incarnation() => RandomNumberGenerator.GetInt32(0x10000).ToString("x4", CultureInfo.InvariantCulture);
}

/// <summary>Who a node is and where it is found.</summary>
public sealed record NodeDescription
{
    /// <summary>The silo's name, of this start alone.</summary>
    public required string Name { get; init; }

    /// <summary>The cluster that it joins.</summary>
    public required string Cluster { get; init; }

    /// <summary>What it offers, as <see cref="RoleNames"/> writes it.</summary>
    public required string Roles { get; init; }

    /// <summary>Where other silos reach it.</summary>
    public required IPEndPoint Silo { get; init; }

    /// <summary>Where clients reach it.</summary>
    public required IPEndPoint Gateway { get; init; }

    /// <summary>Where its health endpoints answer; port 0 = a free one.</summary>
    public required IPEndPoint Health { get; init; }
}
