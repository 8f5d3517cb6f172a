using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Runtime;
using OrleansContrastive.Tests.Shared;

namespace OrleansContrastive.Profile.Tests;

[Alias("oc.test.role-a")]
public interface IRoleAGrain : IGrainWithStringKey
{
    [Alias("ping")]
    Task<string> PingAsync();
}

[Alias("oc.test.role-b")]
public interface IRoleBGrain : IGrainWithStringKey
{
    [Alias("ping")]
    Task<string> PingAsync();
}

public sealed class RoleAGrain(ILocalSiloDetails silo) : Grain, IRoleAGrain
{
    public Task<string> PingAsync() => Task.FromResult($"{silo.Name} {this.GetPrimaryKeyString()} {IdentityString}");
}

public sealed class RoleBGrain : Grain, IRoleBGrain
{
    public Task<string> PingAsync() => GrainFactory.GetGrain<IRoleAGrain>(this.GetPrimaryKeyString()).PingAsync();
}

/// <summary>Silos in hosts, with roles, and clients that enter by a gateway.</summary>
public sealed class HostingTests
{
    [Fact]
    public async Task A_silo_hosts_only_the_classes_it_is_given()
    {
        await using var silo = await TestSilo.StartAsync(
            it => it.Configure<GrainTypeOptions>(options => options.Classes.Remove(typeof(RoleBGrain))));
        Assert.NotEmpty(await silo.Grains.GetGrain<IRoleAGrain>("a").PingAsync());
        await Assert.ThrowsAsync<ArgumentException>(async () => await silo.Grains.GetGrain<IRoleBGrain>("b").PingAsync());
    }

    [Fact]
    public async Task A_silo_knows_its_name_cluster_and_addresses()
    {
        await using var silo = await TestSilo.StartAsync(it => it.Configure<SiloOptions>(options => options.SiloName = "north"));
        var details = silo.Services.GetRequiredService<ILocalSiloDetails>();
        Assert.Equal(("north", silo.ClusterId), (details.Name, details.ClusterId));
        Assert.Equal(IPAddress.Loopback, details.SiloAddress.Endpoint.Address);
        Assert.Equal(silo.GatewayPort, details.GatewayAddress.Endpoint.Port);
        Assert.Equal(details.SiloAddress, SiloAddress.FromParsableString(details.SiloAddress.ToParsableString()));
        Assert.Equal("north key rolea/key", await silo.Grains.GetGrain<IRoleAGrain>("key").PingAsync());
        Assert.Equal("north key rolea/key", await silo.Grains.GetGrain<IRoleBGrain>("key").PingAsync());
    }

    [Fact]
    public async Task A_client_enters_by_the_gateway()
    {
        await using var silo = await TestSilo.StartAsync(it => it.Configure<SiloOptions>(options => options.SiloName = "south"));
        using var host = TestSilo.Build(builder => builder.UseOrleansClient(
            client => client.UseLocalhostClustering(silo.GatewayPort, silo.ClusterId, silo.ClusterId)));
        await host.StartAsync(TestContext.Current.CancellationToken);
        var grain = host.Services.GetRequiredService<IClusterClient>().GetGrain<IRoleAGrain>("key");
        Assert.Equal("south key rolea/key", await grain.PingAsync());
        await host.StopAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task A_client_finds_no_cluster_where_there_is_none()
    {
        using var host = TestSilo.Build(builder => builder.UseOrleansClient(
            client =>
            {
                client.UseLocalhostClustering(LoopbackPorts.Take(1)[0], "nobody", "nobody");
                client.Services.AddSingleton<IClientConnectionRetryFilter, OneAttempt>();
            }));
        await Assert.ThrowsAnyAsync<Exception>(() => host.StartAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_configuration_that_cannot_work_is_refused_at_the_start()
    {
        var failure = await Assert.ThrowsAnyAsync<Exception>(async () =>
        {
            await using var silo = await TestSilo.StartAsync(it => it.Configure<GrainCollectionOptions>(options =>
            {
                options.CollectionQuantum = TimeSpan.FromMinutes(2);
                options.CollectionAge = TimeSpan.FromMinutes(1);
            }));
        });
        Assert.Contains(nameof(GrainCollectionOptions.CollectionAge), failure.ToString());
    }

    [Fact]
    public async Task The_hosts_clock_drives_timers()
    {
        await using var silo = await TestSilo.StartAsync(it =>
        {
            it.Services.AddSingleton<TimeProvider>(new FastClock(200));
            it.Configure<SiloMessagingOptions>(options => options.ResponseTimeout = TimeSpan.FromHours(10));
        });
        var key = Probe.NewKey();
        var clock = System.Diagnostics.Stopwatch.StartNew();
        await silo.Grains.GetGrain<ITimerGrain>(key).TickAsync(600_000, -1, interleave: false, fail: false, slow: false);
        await Probe.For(key).EnteredAsync();
        Assert.True(clock.Elapsed < TimeSpan.FromMinutes(5));
    }

    private sealed class OneAttempt : IClientConnectionRetryFilter
    {
        public Task<bool> ShouldRetryConnectionAttempt(Exception exception, CancellationToken cancellationToken) => Task.FromResult(false);
    }

    /// <summary>A clock whose timers run faster than the system's.</summary>
    private sealed class FastClock(int factor) : TimeProvider
    {
        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            new FastTimer(System.CreateTimer(callback, state, Scale(dueTime), Scale(period)), this);

        private TimeSpan Scale(TimeSpan time) => time == Timeout.InfiniteTimeSpan ? time : time / factor;

        private sealed class FastTimer(ITimer timer, FastClock clock) : ITimer
        {
            public bool Change(TimeSpan dueTime, TimeSpan period) => timer.Change(clock.Scale(dueTime), clock.Scale(period));

            public void Dispose() => timer.Dispose();

            public ValueTask DisposeAsync() => timer.DisposeAsync();
        }
    }
}
