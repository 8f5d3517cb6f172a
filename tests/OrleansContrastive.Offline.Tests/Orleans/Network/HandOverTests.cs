using Orleans.Runtime;

namespace OrleansContrastive.Offline.Tests.Network;

/// <summary>The directory's parts move as silos come and go, and no grain is ever active twice.</summary>
public sealed class HandOverTests
{
    [Fact]
    public async Task Grains_stay_where_they_are_while_silos_come()
    {
        await using var cluster = await OfflineCluster.StartAsync(1);
        var keys = Enumerable.Range(0, 200).Select(_ => Guid.NewGuid().ToString("N")).ToArray();
        foreach (var key in keys) await cluster.Nodes[0].Grains.GetGrain<IHomeGrain>(key).WhereAsync();
        for (var count = 2; count <= 4; count++)
        {
            var added = await cluster.AddAsync($"n{count - 1}");
            await cluster.MeetAsync();
            var places = await Task.WhenAll(keys.Select(key => OfflineCluster.PassingAsync(() => added.Grains.GetGrain<IHomeGrain>(key).WhereAsync())));
            Assert.All(places, place => Assert.Equal("n0", place));
        }

        Assert.All(keys, key => Assert.Equal(1, HomeGrain.Activations[key]));
    }

    [Fact]
    public async Task Grains_are_active_once_under_calls_from_all_silos_while_silos_come_and_go()
    {
        await using var cluster = await OfflineCluster.StartAsync(3);
        var living = new System.Collections.Concurrent.ConcurrentDictionary<string, Node>(cluster.Nodes.ToDictionary(node => node.Name));
        using var stop = new CancellationTokenSource();
        var keys = Enumerable.Range(0, 50).Select(_ => Guid.NewGuid().ToString("N")).ToArray();
        var calls = 0;
        var callers = keys.Select(key => Task.Run(async () =>
        {
            var random = new Random(key.GetHashCode());
            while (!stop.IsCancellationRequested)
            {
                var nodes = living.Values.ToArray();
                var from = nodes[random.Next(nodes.Length)];
                try
                {
                    await from.Grains.GetGrain<IOnceGrain>(key).UseAsync();
                    Interlocked.Increment(ref calls);
                }
                catch (OrleansException)
                {
                    // The caller or the callee was stopping.
                }
            }
        })).ToArray();

        for (var round = 0; round < 4; round++)
        {
            var before = Volatile.Read(ref calls);
            var added = await cluster.AddAsync($"more{round}");
            living[added.Name] = added;
            await OfflineCluster.UntilAsync(() => Volatile.Read(ref calls) > before + 200, "calls go on after one came");
            var gone = living.Values.OrderBy(node => node.Name, StringComparer.Ordinal).First();
            living.TryRemove(gone.Name, out _);
            await gone.StopAsync();
            before = Volatile.Read(ref calls);
            await OfflineCluster.UntilAsync(() => Volatile.Read(ref calls) > before + 200, "calls go on after one went");
        }

        await stop.CancelAsync();
        await Task.WhenAll(callers).WaitAsync(OfflineCluster.Patience, TestContext.Current.CancellationToken);
        Assert.Empty(OnceGrain.Overlaps);
        TestContext.Current.TestOutputHelper?.WriteLine($"{calls} calls");
    }
}
