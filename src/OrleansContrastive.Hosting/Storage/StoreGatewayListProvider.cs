using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Messaging;
using Orleans.Runtime;
using OrleansContrastive.Checkpoints.Stores;

namespace OrleansContrastive.Hosting.Storage;

/// <summary>Tells clients the gateways of the active silos in the stored membership table.</summary>
internal sealed class StoreGatewayListProvider(ICheckpointStore store, IOptions<ClusterOptions> cluster) : IGatewayListProvider
{
    private readonly StoredMembership _membership = new(store, cluster.Value.ClusterId);

    /// <summary>A dead gateway is noticed by its connection; the list only has to bring new ones soon.</summary>
    public TimeSpan MaxStaleness { get; } = TimeSpan.FromSeconds(15);

    public bool IsUpdatable => true;

    public Task InitializeGatewayListProvider() => Task.CompletedTask;

    public async Task<IList<Uri>> GetGateways()
    {
        var table = await _membership.ReadAsync();
        return
        [
            .. from row in table.Rows
               where row.Status == SiloStatus.Active && row.ProxyPort > 0
               let silo = SiloAddress.FromParsableString(row.Address)
               select SiloAddress.New(silo.Endpoint.Address, row.ProxyPort, silo.Generation).ToGatewayUri(),
        ];
    }
}
