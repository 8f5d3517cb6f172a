using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Messaging;

namespace Orleans.Runtime;

/// <summary>The parts of one client. It enters the cluster at a gateway and finds the grain classes there.</summary>
internal sealed class Client : IGrainTypeResolver, IDisposable
{
    private readonly IGatewayListProvider _gateways;
    private readonly ClusterOptions _cluster;
    private Silo? _silo;

    public Client(
        IGatewayListProvider gateways, IOptions<ClusterOptions> cluster, IOptions<ClientMessagingOptions> messaging,
        TimeProvider time, IServiceProvider services)
    {
        _gateways = gateways;
        _cluster = cluster.Value;
        Sender = new CallSender(messaging.Value, time);
        Factory = new GrainFactory(new ReferenceFactory(Sender), this, services);
    }

    public CallSender Sender { get; }

    public GrainFactory Factory { get; }

    public GrainType Resolve(Type interfaceType, string? classNamePrefix) =>
        (_silo ?? throw new InvalidOperationException("The client is not connected to a cluster.")).Classes.Resolve(interfaceType, classNamePrefix);

    /// <exception cref="SiloUnavailableException">No gateway of the list answers.</exception>
    public async Task ConnectAsync()
    {
        await _gateways.InitializeGatewayListProvider().ConfigureAwait(false);
        var list = await _gateways.GetGateways().ConfigureAwait(false);
        _silo = list.Select(gateway => gateway.ToIPEndPoint() is { } endpoint ? LocalGateways.Find(endpoint) : null)
            .FirstOrDefault(silo => silo?.Details.ClusterId == _cluster.ClusterId);
        if (_silo is null)
        {
            throw new SiloUnavailableException(
                $"Could not connect to any gateway of cluster \"{_cluster.ClusterId}\" in this process: tried {(list.Count == 0 ? "none" : string.Join(", ", list))}.");
        }

        Sender.Router = _silo.Router;
    }

    public void Dispose() => Sender.Dispose();
}
