using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Runtime;

namespace Orleans
{
    /// <summary>Checks the configuration before a silo starts.</summary>
    public interface IConfigurationValidator
    {
        /// <summary>Throws <see cref="OrleansConfigurationException"/> where the configuration cannot work.</summary>
        void ValidateConfiguration();
    }
}

namespace Orleans.Hosting
{
    /// <summary>Checks the options that every silo needs.</summary>
    internal sealed class SiloOptionsValidator(
        IServiceProvider services, IOptions<ClusterOptions> cluster, IOptions<EndpointOptions> endpoints,
        IOptions<GrainCollectionOptions> collection, IOptions<SiloMessagingOptions> messaging) : IConfigurationValidator
    {
        public void ValidateConfiguration()
        {
            Check(!string.IsNullOrWhiteSpace(cluster.Value.ClusterId), "ClusterOptions.ClusterId is empty: expected a name.");
            Check(!string.IsNullOrWhiteSpace(cluster.Value.ServiceId), "ClusterOptions.ServiceId is empty: expected a name.");
            Check(endpoints.Value.AdvertisedIPAddress is not null,
                "EndpointOptions.AdvertisedIPAddress is not set: expected an address that others can reach (ConfigureEndpoints).");
            Check(endpoints.Value.SiloPort is > 0 and <= 65535,
                $"EndpointOptions.SiloPort is {endpoints.Value.SiloPort}: expected a port between 1 and 65535.");
            Check(endpoints.Value.GatewayPort is >= 0 and <= 65535,
                $"EndpointOptions.GatewayPort is {endpoints.Value.GatewayPort}: expected a port, or 0 for no gateway.");
            Check(services.GetService<IMembershipTable>() is not null,
                "No membership table is registered: expected one of UseLocalhostClustering or a service IMembershipTable.");
            var grains = collection.Value;
            Check(grains.CollectionQuantum > TimeSpan.Zero,
                $"GrainCollectionOptions.CollectionQuantum is {grains.CollectionQuantum}: expected more than zero.");
            Check(grains.CollectionAge > grains.CollectionQuantum,
                $"GrainCollectionOptions.CollectionAge is {grains.CollectionAge}: expected more than CollectionQuantum, {grains.CollectionQuantum}.");
            foreach (var (name, age) in grains.ClassSpecificCollectionAge)
            {
                Check(age > grains.CollectionQuantum,
                    $"The collection age of {name} is {age}: expected more than CollectionQuantum, {grains.CollectionQuantum}.");
            }

            Check(messaging.Value.ResponseTimeout > TimeSpan.Zero || messaging.Value.ResponseTimeout == Timeout.InfiniteTimeSpan,
                $"SiloMessagingOptions.ResponseTimeout is {messaging.Value.ResponseTimeout}: expected more than zero.");
        }

        private static void Check(bool holds, string message)
        {
            if (!holds) throw new OrleansConfigurationException(message);
        }
    }
}
