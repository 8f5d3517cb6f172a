using Microsoft.Extensions.DependencyInjection;
using Orleans;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Placement;
using Orleans.Runtime;

namespace OrleansContrastive.Profile.Tests;

[Alias("oc.test.place")]
public interface IPlaceGrain : IGrainWithStringKey
{
    [Alias("where")]
    Task<string> WhereAsync();
}

[PreferLocalPlacement]
public sealed class PlaceGrain(ILocalSiloDetails silo) : Grain, IPlaceGrain
{
    public Task<string> WhereAsync() => Task.FromResult(silo.Name);
}

[Alias("oc.test.anywhere")]
public interface IAnywhereGrain : IGrainWithStringKey
{
    [Alias("where")]
    Task<string> WhereAsync();

    [Alias("end")]
    Task EndAsync();
}

[RandomPlacement]
public sealed class AnywhereGrain(ILocalSiloDetails silo) : Grain, IAnywhereGrain
{
    private Probe Probe => Probe.For(this.GetPrimaryKeyString());

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        Probe.CountCreation();
        return Task.CompletedTask;
    }

    public async Task<string> WhereAsync()
    {
        await Task.Yield();
        return silo.Name;
    }

    public Task EndAsync()
    {
        DeactivateOnIdle();
        return Task.CompletedTask;
    }
}

[GenerateSerializer, Immutable, Alias("oc.test.part")]
public sealed class Part(ReadOnlyMemory<byte> bytes)
{
    [Id(0)]
    public ReadOnlyMemory<byte> Bytes { get; } = bytes;
}

[Alias("oc.test.parts")]
public interface IPartGrain : IGrainWithStringKey
{
    [Alias("turn-round")]
    Task<Part> TurnRoundAsync(Part part);
}

[PreferLocalPlacement]
public sealed class PartGrain : Grain, IPartGrain
{
    public Task<Part> TurnRoundAsync(Part part)
    {
        var turned = part.Bytes.ToArray();
        Array.Reverse(turned);
        return Task.FromResult(new Part(turned));
    }
}

/// <summary>What several silos promise together.</summary>
public sealed class ClusterTests
{
    [Fact]
    public async Task Silos_call_each_others_grains()
    {
        await using var cluster = await TestCluster.StartAsync("north", "south");
        foreach (var home in cluster.Silos)
        {
            var key = Probe.NewKey();
            Assert.Equal(home.Name, await home.Grains.GetGrain<IPlaceGrain>(key).WhereAsync());
            foreach (var caller in cluster.Silos) Assert.Equal(home.Name, await caller.Grains.GetGrain<IPlaceGrain>(key).WhereAsync());
        }
    }

    [Fact]
    public async Task A_grain_is_active_once_whoever_calls_it_first()
    {
        await using var cluster = await TestCluster.StartAsync("a", "b", "c");
        var keys = Enumerable.Range(0, 100).Select(_ => Probe.NewKey()).ToArray();
        var places = await Task.WhenAll(keys.Select(async key =>
        {
            var calls = cluster.Silos.SelectMany(silo => Enumerable.Range(0, 3).Select(_ => Task.Run(() => silo.Grains.GetGrain<IAnywhereGrain>(key).WhereAsync())));
            var answers = (await Task.WhenAll(calls)).Distinct().ToArray();
            Assert.Single(answers);
            Assert.Equal(1, Probe.For(key).Created);
            return answers[0];
        })).Soon();
        Assert.Equal(["a", "b", "c"], places.Distinct().Order());
    }

    [Fact]
    public async Task A_silo_hosts_its_roles_and_the_others_call_them()
    {
        await using var cluster = new TestCluster();
        var first = await cluster.AddAsync("first", silo => silo.Configure<GrainTypeOptions>(options => options.Classes.Remove(typeof(RoleBGrain))));
        var second = await cluster.AddAsync("second", silo => silo.Configure<GrainTypeOptions>(options => options.Classes.Remove(typeof(RoleAGrain))));
        await cluster.MeetAsync();
        var key = Probe.NewKey();
        // B is only on the second and calls A, which is only on the first.
        Assert.Equal($"first {key} rolea/{key}", await TestCluster.PassingAsync(() => first.Grains.GetGrain<IRoleBGrain>(key).PingAsync()));
        Assert.Equal($"first {key} rolea/{key}", await TestCluster.PassingAsync(() => second.Grains.GetGrain<IRoleAGrain>(key).PingAsync()));
    }

    [Fact]
    public async Task The_grains_of_a_silo_that_stops_go_on_elsewhere()
    {
        await using var cluster = await TestCluster.StartAsync("stays", "goes");
        var keys = Enumerable.Range(0, 20).Select(_ => Probe.NewKey()).ToArray();
        foreach (var key in keys) Assert.Equal("goes", await cluster.Silos[1].Grains.GetGrain<IPlaceGrain>(key).WhereAsync());
        await cluster.Silos[1].StopAsync().Soon();
        foreach (var key in keys)
            Assert.Equal("stays", await TestCluster.PassingAsync(() => cluster.Silos[0].Grains.GetGrain<IPlaceGrain>(key).WhereAsync()));
    }

    [Fact]
    public async Task The_first_silo_may_go_and_others_may_come()
    {
        await using var cluster = await TestCluster.StartAsync("first", "second");
        await cluster.Silos[0].StopAsync().Soon();
        await cluster.AddAsync("third");
        await cluster.MeetAsync();
        var key = Probe.NewKey();
        var place = await TestCluster.PassingAsync(() => cluster.Silos[2].Grains.GetGrain<IAnywhereGrain>(key).WhereAsync());
        Assert.Equal(place, await TestCluster.PassingAsync(() => cluster.Silos[1].Grains.GetGrain<IAnywhereGrain>(key).WhereAsync()));
    }

    [Fact]
    public async Task A_grain_that_ended_may_begin_elsewhere()
    {
        await using var cluster = await TestCluster.StartAsync("a", "b");
        var key = Probe.NewKey();
        foreach (var round in Enumerable.Range(1, 10))
        {
            var places = await Task.WhenAll(cluster.Silos.Select(silo => TestCluster.PassingAsync(() => silo.Grains.GetGrain<IAnywhereGrain>(key).WhereAsync())));
            Assert.Single(places.Distinct());
            Assert.Equal(round, Probe.For(key).Created);
            await cluster.Silos[round % 2].Grains.GetGrain<IAnywhereGrain>(key).EndAsync();
        }
    }

    [Fact]
    public async Task Errors_travel_from_silo_to_silo()
    {
        await using var cluster = await TestCluster.StartAsync("caller", "callee");
        var grain = await PlacedAsync<IFailAtHomeGrain>(cluster);
        var refused = await Assert.ThrowsAsync<RefusedException>(() => grain.FailAsync("refused"));
        Assert.Equal(("Refused elsewhere.", 7), (refused.Message, refused.Code));
        var outer = await Assert.ThrowsAsync<InvalidOperationException>(() => grain.FailAsync("inner"));
        Assert.Equal("Inner.", Assert.IsType<IOException>(outer.InnerException).Message);
    }

    [Fact]
    public async Task A_call_that_waits_elsewhere_can_be_cancelled_and_can_time_out()
    {
        await using var cluster = await TestCluster.StartAsync("caller", "callee");
        var grain = await PlacedAsync<IFailAtHomeGrain>(cluster);
        var probe = Probe.For(grain.GetPrimaryKeyString());
        using var given = new CancellationTokenSource();
        var waiting = grain.WaitAsync(given.Token);
        await probe.EnteredAsync();
        await given.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting.Soon());
        await Until.HoldsAsync(() => probe.Events.Contains("cancelled"), "the callee hears of the cancellation");
        await Assert.ThrowsAsync<TimeoutException>(() => grain.HoldBrieflyAsync().Soon());
        probe.Release();
    }

    [Fact]
    public async Task Large_parts_arrive_as_they_were_sent()
    {
        await using var cluster = await TestCluster.StartAsync("caller", "callee");
        var grain = await PlacedAsync<IPartGrain>(cluster);
        var sizes = new[] { 0, 1, 1023, 1024, 65_536, 1 << 20, (1 << 20) + 17, 4 << 20, 4 << 20, 3 << 20 };
        await Task.WhenAll(sizes.Select(async (size, index) =>
        {
            var bytes = new byte[size];
            new Random(index).NextBytes(bytes);
            var turned = (await grain.TurnRoundAsync(new Part(bytes))).Bytes.ToArray();
            Array.Reverse(turned);
            Assert.Equal(bytes, turned);
        })).Soon();
    }

    // A grain on the second silo, as the first one sees it.
    private static async Task<T> PlacedAsync<T>(TestCluster cluster) where T : IGrainWithStringKey
    {
        var key = Probe.NewKey();
        await TestCluster.PassingAsync(async () =>
        {
            if (cluster.Silos[1].Grains.GetGrain<T>(key) is IPartGrain part) await part.TurnRoundAsync(new Part(default));
            else await cluster.Silos[1].Grains.GetGrain<IFailAtHomeGrain>(key).HomeAsync();
            return 0;
        });
        return cluster.Silos[0].Grains.GetGrain<T>(key);
    }
}

[Alias("oc.test.fail-at-home")]
public interface IFailAtHomeGrain : IGrainWithStringKey
{
    [Alias("home")]
    Task<string> HomeAsync();

    [Alias("fail")]
    Task FailAsync(string how);

    [Alias("wait")]
    Task WaitAsync(CancellationToken cancellationToken);

    [Alias("hold-briefly"), ResponseTimeout("00:00:01")]
    Task HoldBrieflyAsync();
}

[PreferLocalPlacement]
public sealed class FailAtHomeGrain(ILocalSiloDetails silo) : Grain, IFailAtHomeGrain
{
    private Probe Probe => Probe.For(this.GetPrimaryKeyString());

    public Task<string> HomeAsync() => Task.FromResult(silo.Name);

    public Task FailAsync(string how) => how == "refused"
        ? throw new RefusedException("Refused elsewhere.", 7)
        : throw new InvalidOperationException("Outer.", new IOException("Inner."));

    public async Task WaitAsync(CancellationToken cancellationToken)
    {
        Probe.Enter();
        try
        {
            await Task.Delay(Timeout.Infinite, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            Probe.Events.Enqueue("cancelled");
            throw;
        }
    }

    public Task HoldBrieflyAsync() => Probe.ReleasedAsync();
}
