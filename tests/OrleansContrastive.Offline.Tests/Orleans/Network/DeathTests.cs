using System.Diagnostics;
using Orleans;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Runtime;

namespace OrleansContrastive.Offline.Tests.Network;

/// <summary>What happens when a silo is gone without a word.</summary>
public sealed class DeathTests
{
    private static readonly TimeSpan LongestOnABusyMachine = TimeSpan.FromSeconds(20);

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public async Task The_grains_of_a_killed_silo_go_on_elsewhere_soon(int victim)
    {
        await using var cluster = await OfflineCluster.StartAsync(3);
        var killed = cluster.Nodes[victim];
        var caller = cluster.Nodes[1];
        var keys = NewKeys(20);
        foreach (var key in keys) Assert.Equal(killed.Name, await killed.Grains.GetGrain<IHomeGrain>(key).WhereAsync());
        foreach (var key in keys) Assert.Equal(killed.Name, await caller.Grains.GetGrain<IHomeGrain>(key).WhereAsync());

        var clock = Stopwatch.StartNew();
        killed.Kill();
        foreach (var key in keys) Assert.Equal(caller.Name, await OfflineCluster.PassingAsync(() => caller.Grains.GetGrain<IHomeGrain>(key).WhereAsync()));
        TestContext.Current.TestOutputHelper?.WriteLine($"{keys.Length} grains served elsewhere {clock.Elapsed.TotalSeconds:F2} s after the kill");
        Assert.True(clock.Elapsed < LongestOnABusyMachine, $"It took {clock.Elapsed}.");
        Assert.All(keys, key => Assert.Equal(2, HomeGrain.Activations[key]));
    }

    [Fact]
    public async Task A_call_in_flight_on_a_killed_silo_fails_at_once()
    {
        await using var cluster = await OfflineCluster.StartAsync(2);
        var key = Guid.NewGuid().ToString("N");
        var gate = HomeGrain.Gates[key] = (new(), new());
        await cluster.Nodes[1].Grains.GetGrain<IHomeGrain>(key).WhereAsync();
        var call = cluster.Nodes[0].Grains.GetGrain<IHomeGrain>(key).HoldAsync();
        await gate.Entered.Task.WaitAsync(OfflineCluster.Patience, TestContext.Current.CancellationToken);
        cluster.Nodes[1].Kill();
        await Assert.ThrowsAsync<SiloUnavailableException>(() => call.WaitAsync(LongestOnABusyMachine, TestContext.Current.CancellationToken));
        gate.Released.SetResult();
    }

    [Fact]
    public async Task Two_silos_killed_at_once_leave_a_cluster_of_one()
    {
        await using var cluster = await OfflineCluster.StartAsync(3);
        cluster.Nodes[0].Kill();
        cluster.Nodes[2].Kill();
        await OfflineCluster.UntilAsync(() => cluster.Nodes[1].Silo.Membership.View.Active.Count == 1, "the survivor is alone");
        Assert.Equal("n1", await OfflineCluster.PassingAsync(() => cluster.Nodes[1].Grains.GetGrain<IHomeGrain>("lonely").WhereAsync()));
    }

    [Fact]
    public async Task A_silo_that_starts_again_at_the_same_endpoint_takes_the_place_of_its_former_life()
    {
        await using var cluster = await OfflineCluster.StartAsync(2);
        var first = cluster.Nodes[1];
        first.Kill();
        var second = await cluster.AddAsync("again", ports: first.Ports);
        await cluster.MeetAsync();
        Assert.True(first.Address.IsPredecessorOf(second.Address));
        Assert.Equal("again", await second.Grains.GetGrain<IHomeGrain>(Guid.NewGuid().ToString("N")).WhereAsync());
        var row = (await cluster.Table.ReadAll()).TryGet(first.Address)!;
        Assert.Equal(SiloStatus.Dead, row.Item1.Status);
    }

    [Fact]
    public async Task A_silo_that_reads_its_own_death_stops_its_host()
    {
        await using var cluster = await OfflineCluster.StartAsync(2);
        var victim = cluster.Nodes[1];
        var stopping = new TaskCompletionSource();
        var lifetime = (Microsoft.Extensions.Hosting.IHostApplicationLifetime)victim.Host.Services.GetService(
            typeof(Microsoft.Extensions.Hosting.IHostApplicationLifetime))!;
        lifetime.ApplicationStopping.Register(stopping.SetResult);
        await DeclareDeadAsync(cluster, victim);
        await stopping.Task.WaitAsync(OfflineCluster.Patience, TestContext.Current.CancellationToken);
        await Assert.ThrowsAsync<SiloUnavailableException>(() => victim.Grains.GetGrain<IHomeGrain>("any").WhereAsync());
        Assert.Equal("n0", await OfflineCluster.PassingAsync(() => cluster.Nodes[0].Grains.GetGrain<IHomeGrain>("any").WhereAsync()));
    }

    [Fact]
    public async Task A_silent_silo_is_declared_dead_and_a_slow_one_is_not()
    {
        await using var cluster = await OfflineCluster.StartAsync(3, isProxied: true);
        var options = new ClusterMembershipOptions();
        var frozen = cluster.Nodes[2];

        void Freeze(bool isFrozen)
        {
            frozen.Proxy!.IsFrozen = isFrozen;
            foreach (var other in cluster.Nodes.Take(2))
            {
                if (isFrozen) other.Proxy!.Block(frozen.Ports[0]);
                else other.Proxy!.Unblock(frozen.Ports[0]);
            }
        }

        // Silent for less than the limit: nothing comes of it.
        Freeze(true);
        await Task.Delay(options.ProbeTimeout * 2, TestContext.Current.CancellationToken);
        Freeze(false);
        Assert.Equal("n2", await frozen.Grains.GetGrain<IHomeGrain>("here").WhereAsync());
        Assert.Equal("n2", await cluster.Nodes[0].Grains.GetGrain<IHomeGrain>("here").WhereAsync());
        Assert.Equal(3, cluster.Nodes[0].Silo.Membership.View.Active.Count);

        var clock = Stopwatch.StartNew();
        Freeze(true);
        await OfflineCluster.UntilAsync(() => cluster.Nodes[0].Silo.Membership.View.IsDead(frozen.Address), "the frozen silo is declared dead");
        TestContext.Current.TestOutputHelper?.WriteLine($"declared dead {clock.Elapsed.TotalSeconds:F2} s after it fell silent");
        Assert.True(clock.Elapsed > options.ProbeTimeout * (options.NumMissedProbesLimit - 1), $"after {clock.Elapsed}");
        Assert.Equal("n0", await OfflineCluster.PassingAsync(() => cluster.Nodes[0].Grains.GetGrain<IHomeGrain>("here").WhereAsync()));
    }

    [Fact]
    public async Task Of_a_partition_the_larger_part_goes_on_and_the_smaller_ends()
    {
        await using var cluster = await OfflineCluster.StartAsync(3, isProxied: true);
        var cut = cluster.Nodes[0];
        foreach (var other in cluster.Nodes.Skip(1))
        {
            other.Proxy!.Block(cut.Ports[0]);
            cut.Proxy!.Block(other.Ports[0]);
        }

        await OfflineCluster.UntilAsync(() => cluster.Nodes.Skip(1).All(node => node.Silo.Membership.View.IsDead(cut.Address)), "the part of two declares the third dead");
        await OfflineCluster.UntilAsync(() => cut.Silo.Catalog.IsDisposed, "the third has read that");
        Assert.All(cluster.Nodes.Skip(1), node => Assert.Equal(2, node.Silo.Membership.View.Active.Count));
        Assert.Equal("n1", await OfflineCluster.PassingAsync(() => cluster.Nodes[1].Grains.GetGrain<IHomeGrain>("after").WhereAsync()));
    }

    private static string[] NewKeys(int count) => [.. Enumerable.Range(0, count).Select(_ => Guid.NewGuid().ToString("N"))];

    private static async Task DeclareDeadAsync(OfflineCluster cluster, Node victim)
    {
        while (true)
        {
            var data = await cluster.Table.ReadAll();
            var (entry, tag) = data.TryGet(victim.Address)!;
            entry.Status = SiloStatus.Dead;
            if (await cluster.Table.UpdateRow(entry, tag, data.Version.Next())) return;
        }
    }
}
