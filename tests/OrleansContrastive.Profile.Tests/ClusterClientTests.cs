using Orleans;

namespace OrleansContrastive.Profile.Tests;

/// <summary>Clients of a cluster of several silos.</summary>
public sealed class ClusterClientTests
{
    [Fact]
    public async Task A_client_reaches_every_silo_by_any_gateway()
    {
        await using var cluster = await TestCluster.StartAsync("a", "b", "c");
        var client = await cluster.ConnectAsync();
        foreach (var home in cluster.Silos)
        {
            foreach (var key in Enumerable.Range(0, 10).Select(_ => Probe.NewKey()))
            {
                await home.Grains.GetGrain<IPlaceGrain>(key).WhereAsync();
                Assert.Equal(home.Name, await client.GetGrain<IPlaceGrain>(key).WhereAsync());
            }
        }
    }

    [Fact]
    public async Task A_client_goes_on_when_a_gateway_stops()
    {
        await using var cluster = await TestCluster.StartAsync("a", "b");
        var client = await cluster.ConnectAsync();
        var keys = Enumerable.Range(0, 20).Select(_ => Probe.NewKey()).ToArray();
        foreach (var key in keys) await client.GetGrain<IAnywhereGrain>(key).WhereAsync();
        await cluster.Silos[0].StopAsync().Soon();
        foreach (var key in keys) Assert.Equal("b", await TestCluster.PassingAsync(() => client.GetGrain<IAnywhereGrain>(key).WhereAsync()));
    }

    [Fact]
    public async Task Errors_and_large_parts_travel_to_clients()
    {
        await using var cluster = await TestCluster.StartAsync("a", "b");
        var client = await cluster.ConnectAsync();
        foreach (var home in cluster.Silos)
        {
            var key = Probe.NewKey();
            await home.Grains.GetGrain<IFailAtHomeGrain>(key).HomeAsync();
            var refused = await Assert.ThrowsAsync<RefusedException>(() => client.GetGrain<IFailAtHomeGrain>(key).FailAsync("refused"));
            Assert.Equal(7, refused.Code);
            var bytes = new byte[4 << 20];
            new Random(3).NextBytes(bytes);
            var turned = (await client.GetGrain<IPartGrain>(key).TurnRoundAsync(new Part(bytes))).Bytes.ToArray();
            Array.Reverse(turned);
            Assert.Equal(bytes, turned);
        }
    }

    [Fact]
    public async Task A_client_that_gives_up_is_heard_by_the_grain()
    {
        await using var cluster = await TestCluster.StartAsync("a", "b");
        var client = await cluster.ConnectAsync();
        foreach (var home in cluster.Silos)
        {
            var key = Probe.NewKey();
            await home.Grains.GetGrain<IFailAtHomeGrain>(key).HomeAsync();
            using var given = new CancellationTokenSource();
            var waiting = client.GetGrain<IFailAtHomeGrain>(key).WaitAsync(given.Token);
            await Probe.For(key).EnteredAsync();
            await given.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting.Soon());
            await Until.HoldsAsync(() => Probe.For(key).Events.Contains("cancelled"), "the grain hears of the cancellation");
        }
    }
}
