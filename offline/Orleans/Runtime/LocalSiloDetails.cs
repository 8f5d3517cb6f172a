using System.Net;
using Microsoft.Extensions.Options;
using Orleans.Configuration;

namespace Orleans.Runtime;

internal sealed class LocalSiloDetails(
    IOptions<SiloOptions> silo, IOptions<ClusterOptions> cluster, IOptions<EndpointOptions> endpoints) : ILocalSiloDetails
{
    private readonly int _generation = SiloAddress.AllocateNewGeneration();

    public string Name => silo.Value.SiloName;

    public string ClusterId => cluster.Value.ClusterId;

    public string DnsHostName { get; } = Dns.GetHostName();

    public SiloAddress SiloAddress => field ??= SiloAddress.New(endpoints.Value.AdvertisedIPAddress, endpoints.Value.SiloPort, _generation);

    public SiloAddress GatewayAddress => field ??= SiloAddress.New(endpoints.Value.AdvertisedIPAddress, endpoints.Value.GatewayPort, _generation);
}
