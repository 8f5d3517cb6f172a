using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans;
using Orleans.Hosting;
using Orleans.Runtime;
using OrleansContrastive.Checkpoints.Stores;
using OrleansContrastive.Hosting.Storage;
using OrleansContrastive.Tests.Shared;

namespace OrleansContrastive.Hosting.Tests.Storage;

[Alias("oc.test.counter")]
public interface IStoredCounterGrain : IGrainWithStringKey
{
    [Alias("Raise")]
    Task<int> Raise();
}

[GenerateSerializer]
[Alias("oc.test.count")]
public sealed class StoredCount
{
    [Id(0)]
    public int Value { get; set; }
}

public sealed class StoredCounterGrain([PersistentState("count", "store")] IPersistentState<StoredCount> state) : Grain, IStoredCounterGrain
{
    public async Task<int> Raise()
    {
        state.State.Value++;
        await state.WriteStateAsync();
        return state.State.Value;
    }
}

public sealed class FolderSiloTests() : StoreSiloTests(new FolderPlace());

public sealed class BlobSiloTests(Azurite azurite) : StoreSiloTests(new BlobPlace(azurite));

/// <summary>Silos whose membership and state lie in a store.</summary>
public abstract class StoreSiloTests(StorePlace place) : IAsyncLifetime
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => place.PrepareAsync(Token);

    public ValueTask DisposeAsync() => place.DisposeAsync();

    [Fact]
    public async Task State_and_membership_outlive_the_silo()
    {
        using (var first = await StartAsync(place.Open()))
        {
            Assert.Equal(1, await Counter(first).Raise());
            Assert.Equal(2, await Counter(first).Raise());
            var member = Assert.Single((await Table().ReadAll()).Members).Item1;
            Assert.Equal(SiloStatus.Active, member.Status);
            await first.StopAsync(Token);
        }

        Assert.Equal(SiloStatus.Dead, Assert.Single((await Table().ReadAll()).Members).Item1.Status);

        using var second = await StartAsync(place.Open());
        Assert.Equal(3, await Counter(second).Raise());
        Assert.Single((await Table().ReadAll()).Members, member => member.Item1.Status == SiloStatus.Active);
        await second.StopAsync(Token);
    }

    private static IStoredCounterGrain Counter(IHost host) =>
        host.Services.GetRequiredService<IGrainFactory>().GetGrain<IStoredCounterGrain>("a");

    private static async Task<IHost> StartAsync(ICheckpointStore store)
    {
        var cluster = StoreFolder.Cluster.Value;
        var ports = LoopbackPorts.Take(2);
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Logging.SetMinimumLevel(LogLevel.None);
        builder.UseOrleans(silo => silo
            .UseLocalhostClustering(ports[0], ports[1], null, cluster.ServiceId, cluster.ClusterId)
            .UseStoreClustering(store)
            .AddStoreGrainStorage("store", store));
        var host = builder.Build();
        await host.StartAsync(Token);
        return host;
    }

    private StoreMembershipTable Table() => new(place.Open(), StoreFolder.Cluster);
}
