using Microsoft.Extensions.Options;
using Orleans.Configuration;

namespace Orleans.Messaging;

/// <summary>Gateways that are known beforehand.</summary>
internal sealed class StaticGatewayListProvider(IOptions<StaticGatewayListProviderOptions> options) : IGatewayListProvider
{
    public TimeSpan MaxStaleness => Timeout.InfiniteTimeSpan;

    public bool IsUpdatable => false;

    public Task InitializeGatewayListProvider() => Task.CompletedTask;

    public Task<IList<Uri>> GetGateways() => Task.FromResult<IList<Uri>>(options.Value.Gateways);
}
