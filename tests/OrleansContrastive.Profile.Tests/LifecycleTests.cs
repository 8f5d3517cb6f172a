using Orleans;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Runtime;

namespace OrleansContrastive.Profile.Tests;

[Alias("oc.test.life")]
public interface ILifeGrain : IGrainWithStringKey
{
    [Alias("ping")]
    Task<int> PingAsync();

    [Alias("hold")]
    Task HoldAsync();

    [Alias("end")]
    Task EndAsync();

    [Alias("hold-and-end")]
    Task HoldAndEndAsync();

    [Alias("delay")]
    Task DelayAsync(TimeSpan time);
}

[Alias("oc.test.kept")]
public interface IKeptGrain : ILifeGrain;

[Alias("oc.test.failing")]
public interface IFailingGrain : IGrainWithStringKey
{
    [Alias("ping")]
    Task PingAsync();
}

public class LifeGrain : Grain, ILifeGrain
{
    private readonly Probe _probe;
    private bool _isActive;
    private int _pings;

    public LifeGrain(IGrainContext context)
    {
        _probe = Probe.For(context.GrainId.Key.ToString());
        _probe.CountCreation();
    }

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _isActive = true;
        _probe.Events.Enqueue("activated");
        return Task.CompletedTask;
    }

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        await Task.Yield();
        _isActive = false;
        _probe.Events.Enqueue(reason.ReasonCode.ToString());
    }

    public Task<int> PingAsync()
    {
        if (!_isActive) throw new InvalidOperationException("A call outside of an activation's life.");
        _probe.Events.Enqueue("ping");
        return Task.FromResult(++_pings);
    }

    public Task HoldAsync() => _probe.HoldAsync();

    public Task EndAsync()
    {
        DeactivateOnIdle();
        return Task.CompletedTask;
    }

    public async Task HoldAndEndAsync()
    {
        DeactivateOnIdle();
        await _probe.HoldAsync();
        _probe.Events.Enqueue("held");
    }

    public Task DelayAsync(TimeSpan time)
    {
        DelayDeactivation(time);
        return Task.CompletedTask;
    }
}

[KeepAlive]
public sealed class KeptGrain(IGrainContext context) : LifeGrain(context), IKeptGrain;

public sealed class FailingGrain : Grain, IFailingGrain
{
    private static int _activations;

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        await Task.Yield();
        var probe = Probe.For(this.GetPrimaryKeyString());
        probe.CountCreation();
        if (Interlocked.Increment(ref _activations) <= 1) throw new InvalidDataException("The first activation fails.");
    }

    public Task PingAsync() => Task.CompletedTask;
}

/// <summary>The life of an activation: from the first call, alone of its kind, until idle, asked or stopped.</summary>
public sealed class LifecycleTests
{
    private readonly string _key = Probe.NewKey();

    private Probe Seen => Probe.For(_key);

    [Fact]
    public async Task Many_first_callers_meet_one_activation()
    {
        await using var silo = await TestSilo.StartAsync();
        for (var round = 0; round < 20; round++)
        {
            var key = Probe.NewKey();
            var pings = await Task.WhenAll(Enumerable.Range(0, 16).Select(
                _ => Task.Run(() => silo.Grains.GetGrain<ILifeGrain>(key, "OrleansContrastive.Profile.Tests.LifeGrain").PingAsync())));
            Assert.Equal(Enumerable.Range(1, 16), pings.Order());
            Assert.Equal(1, Probe.For(key).Created);
        }
    }

    [Fact]
    public async Task A_failed_activation_is_told_to_its_callers_and_the_next_call_tries_again()
    {
        await using var silo = await TestSilo.StartAsync();
        var grain = silo.Grains.GetGrain<IFailingGrain>(_key);
        var failure = await Assert.ThrowsAsync<InvalidDataException>(grain.PingAsync);
        Assert.Equal("The first activation fails.", failure.Message);
        await grain.PingAsync();
        Assert.Equal(2, Seen.Created);
    }

    [Fact]
    public async Task A_grain_that_asks_for_it_is_deactivated_and_activated_again()
    {
        await using var silo = await TestSilo.StartAsync();
        var grain = Life(silo);
        await grain.PingAsync();
        await grain.EndAsync();
        Assert.Equal(1, await grain.PingAsync());
        Assert.Equal(["activated", "ping", nameof(DeactivationReasonCode.ApplicationRequested), "activated", "ping"], Seen.Events);
        Assert.Equal(2, Seen.Created);
    }

    [Fact]
    public async Task Calls_that_wait_while_a_grain_ends_go_to_the_next_activation()
    {
        await using var silo = await TestSilo.StartAsync();
        var grain = Life(silo);
        var holding = grain.HoldAndEndAsync();
        await Seen.EnteredAsync();
        var waiting = Enumerable.Range(0, 10).Select(_ => grain.PingAsync()).ToArray();
        Seen.Release();
        await holding;
        Assert.Equal(Enumerable.Range(1, 10), await Task.WhenAll(waiting));
        Assert.Equal(["activated", "held", nameof(DeactivationReasonCode.ApplicationRequested), "activated"], Seen.Events.Take(4));
    }

    [Fact]
    public async Task An_idle_grain_is_collected_unless_it_is_kept()
    {
        await using var silo = await TestSilo.StartAsync(it => it.Configure<GrainCollectionOptions>(options =>
        {
            options.CollectionQuantum = TimeSpan.FromMilliseconds(200);
            options.CollectionAge = TimeSpan.FromMilliseconds(500);
        }));
        var kept = silo.Grains.GetGrain<IKeptGrain>(_key + "-kept");
        var delayed = silo.Grains.GetGrain<ILifeGrain>(_key + "-delayed", "OrleansContrastive.Profile.Tests.LifeGrain");
        await kept.PingAsync();
        await delayed.DelayAsync(TimeSpan.FromHours(1));
        await Life(silo).PingAsync();
        await Until.HoldsAsync(() => Seen.Events.Contains(nameof(DeactivationReasonCode.ActivationIdle)), "the idle grain is collected");
        await Life(silo).PingAsync();
        Assert.Equal(2, Seen.Created);
        Assert.Equal(1, Probe.For(_key + "-kept").Created);
        Assert.Equal(2, await kept.PingAsync());
        Assert.DoesNotContain(nameof(DeactivationReasonCode.ActivationIdle), Probe.For(_key + "-delayed").Events);
    }

    [Fact]
    public async Task A_host_that_stops_deactivates_its_grains_after_their_calls()
    {
        string[] keys = [.. Enumerable.Range(0, 20).Select(_ => Probe.NewKey())];
        await using (var silo = await TestSilo.StartAsync())
        {
            await Task.WhenAll(keys.Select(key => silo.Grains.GetGrain<IKeptGrain>(key).PingAsync()));
            await silo.StopAsync();
            await Assert.ThrowsAnyAsync<Exception>(() => silo.Grains.GetGrain<IKeptGrain>(keys[0]).PingAsync().Soon());
        }

        foreach (var key in keys)
            Assert.Equal(["activated", "ping", nameof(DeactivationReasonCode.ShuttingDown)], Probe.For(key).Events);
    }

    private ILifeGrain Life(TestSilo silo) => silo.Grains.GetGrain<ILifeGrain>(_key, "OrleansContrastive.Profile.Tests.LifeGrain");
}
