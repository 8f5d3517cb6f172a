using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Orleans;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Messaging;
using Orleans.Runtime.Hosting;
using OrleansContrastive.Checkpoints.Stores;

namespace OrleansContrastive.Hosting.Storage;

/// <summary>Membership and small state of a cluster in the project's own store, on both stacks.</summary>
public static class StoreHostingExtensions
{
    /// <summary>
    /// Keeps the membership table in <paramref name="store"/>, under the cluster's id. It replaces a table that was registered
    /// before, such as that of localhost clustering.
    /// </summary>
    public static ISiloBuilder UseStoreClustering(this ISiloBuilder silo, ICheckpointStore store)
    {
        ArgumentNullException.ThrowIfNull(store);
        silo.Services.AddSingleton<IMembershipTable>(services => new StoreMembershipTable(store, Cluster(services)));
        return silo;
    }

    /// <summary>Finds the gateways in the membership table that silos keep in <paramref name="store"/>.</summary>
    public static IClientBuilder UseStoreClustering(this IClientBuilder client, ICheckpointStore store)
    {
        ArgumentNullException.ThrowIfNull(store);
        client.Services.AddSingleton<IGatewayListProvider>(services => new StoreGatewayListProvider(store, Cluster(services)));
        return client;
    }

    /// <summary>Keeps the grain states that name the provider <paramref name="name"/> in <paramref name="store"/>, as JSON.</summary>
    public static ISiloBuilder AddStoreGrainStorage(this ISiloBuilder silo, string name, ICheckpointStore store)
    {
        ArgumentNullException.ThrowIfNull(store);
        silo.Services.AddGrainStorage(name, (services, _) => new StoreGrainStorage(store, Cluster(services)));
        return silo;
    }

    private static IOptions<ClusterOptions> Cluster(IServiceProvider services) => services.GetRequiredService<IOptions<ClusterOptions>>();
}
