using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Orleans.Configuration;

namespace Orleans.Hosting;

/// <summary>A cluster on this machine, for development and tests.</summary>
public static class CoreHostingExtensions
{
    /// <summary>
    /// The silo listens on loopback only. It keeps the membership table in its memory, unless the host registers another
    /// <see cref="IMembershipTable"/>, which is how several silos share a cluster.
    /// </summary>
    public static ISiloBuilder UseLocalhostClustering(
        this ISiloBuilder builder, int siloPort = EndpointOptions.DEFAULT_SILO_PORT, int gatewayPort = EndpointOptions.DEFAULT_GATEWAY_PORT,
        IPEndPoint? primarySiloEndpoint = null, string serviceId = ClusterOptions.DevelopmentServiceId,
        string clusterId = ClusterOptions.DevelopmentClusterId)
    {
        if (primarySiloEndpoint is not null && primarySiloEndpoint.Port != siloPort)
        {
            throw new NotSupportedException(
                $"A primary silo at {primarySiloEndpoint} other than this one (port {siloPort}) needs the official Orleans packages; "
                + "register an IMembershipTable to share a cluster.");
        }

        builder.Services.Configure<EndpointOptions>(options =>
        {
            options.AdvertisedIPAddress = IPAddress.Loopback;
            options.SiloPort = siloPort;
            options.GatewayPort = gatewayPort;
        });
        LocalhostClustering.SetClusterOptions(builder.Services, serviceId, clusterId);
        builder.Services.TryAddSingleton<IMembershipTable, Membership.InMemoryMembershipTable>();
        return builder;
    }
}

internal static class LocalhostClustering
{
    // The development names are a fallback only: they give way to names that were configured.
    public static void SetClusterOptions(IServiceCollection services, string serviceId, string clusterId)
    {
        if (serviceId == ClusterOptions.DevelopmentServiceId && clusterId == ClusterOptions.DevelopmentClusterId)
        {
            services.PostConfigure<ClusterOptions>(options =>
            {
                if (string.IsNullOrWhiteSpace(options.ClusterId)) options.ClusterId = clusterId;
                if (string.IsNullOrWhiteSpace(options.ServiceId)) options.ServiceId = serviceId;
            });
        }
        else
        {
            services.Configure<ClusterOptions>(options => (options.ServiceId, options.ClusterId) = (serviceId, clusterId));
        }
    }
}
