using Orleans;
using Orleans.Concurrency;
using Orleans.Runtime;

namespace OrleansContrastive.Profile.Tests;

[Alias("oc.test.timers")]
public interface ITimerGrain : IGrainWithStringKey
{
    [Alias("tick")]
    Task TickAsync(int dueMilliseconds, int periodMilliseconds, bool interleave, bool fail, bool slow);

    [Alias("hold")]
    Task HoldAsync();

    [Alias("stop"), AlwaysInterleave]
    Task StopAsync();

    [Alias("change"), AlwaysInterleave]
    Task ChangeAsync(int dueMilliseconds, int periodMilliseconds);

    [Alias("hold-tick")]
    Task HoldTickAsync();
}

public sealed class TimerGrain : Grain, ITimerGrain
{
    private IGrainTimer? _timer;
    private int _inside;

    private Probe Probe => Probe.For(this.GetPrimaryKeyString());

    public Task TickAsync(int dueMilliseconds, int periodMilliseconds, bool interleave, bool fail, bool slow)
    {
        var options = new GrainTimerCreationOptions(Time(dueMilliseconds), Time(periodMilliseconds)) { Interleave = interleave };
        _timer = this.RegisterGrainTimer(
            async (key, cancellationToken) =>
            {
                Probe.Events.Enqueue(Interlocked.Increment(ref _inside) == 1 ? "tick" : "overlap");
                Probe.Enter();
                if (slow) await Task.Delay(50, cancellationToken);
                Interlocked.Decrement(ref _inside);
                if (fail) throw new InvalidOperationException($"This tick of {key} fails.");
            },
            this.GetPrimaryKeyString(),
            options);
        return Task.CompletedTask;
    }

    public async Task HoldAsync()
    {
        await Probe.HoldAsync();
        Probe.Events.Enqueue("held");
    }

    public Task StopAsync()
    {
        _timer!.Dispose();
        Probe.Events.Enqueue("stop");
        return Task.CompletedTask;
    }

    public Task ChangeAsync(int dueMilliseconds, int periodMilliseconds)
    {
        _timer!.Change(Time(dueMilliseconds), Time(periodMilliseconds));
        return Task.CompletedTask;
    }

    public Task HoldTickAsync()
    {
        _timer = this.RegisterGrainTimer(
            async cancellationToken =>
            {
                Probe.Enter();
                try
                {
                    await Task.Delay(Timeout.Infinite, cancellationToken);
                }
                catch (OperationCanceledException)
                {
                    Probe.Events.Enqueue("cancelled");
                    Probe.Enter();
                }
            },
            new GrainTimerCreationOptions { DueTime = TimeSpan.Zero, Period = Timeout.InfiniteTimeSpan, Interleave = true });
        return Task.CompletedTask;
    }

    private static TimeSpan Time(int milliseconds) =>
        milliseconds < 0 ? Timeout.InfiniteTimeSpan : TimeSpan.FromMilliseconds(milliseconds);
}

/// <summary>Timers tick as turns of their grain.</summary>
public sealed class TimerTests(SharedSilo shared) : IClassFixture<SharedSilo>
{
    private readonly string _key = Probe.NewKey();

    private Probe Seen => Probe.For(_key);

    private ITimerGrain Grain => shared.Grains.GetGrain<ITimerGrain>(_key);

    private int Ticks => Seen.Events.Count(it => it == "tick");

    [Fact]
    public async Task A_timer_ticks_again_and_again_even_when_a_tick_fails()
    {
        await Grain.TickAsync(1, 1, interleave: false, fail: true, slow: false);
        for (var tick = 0; tick < 3; tick++) await Seen.EnteredAsync();
        await Grain.StopAsync();
    }

    [Fact]
    public async Task A_tick_never_overlaps_itself_though_it_is_longer_than_its_period()
    {
        await Grain.TickAsync(1, 1, interleave: true, fail: false, slow: true);
        for (var tick = 0; tick < 4; tick++) await Seen.EnteredAsync();
        await Grain.StopAsync();
        Assert.DoesNotContain("overlap", Seen.Events);
    }

    [Fact]
    public async Task A_timer_without_a_period_ticks_once()
    {
        await Grain.TickAsync(1, -1, interleave: false, fail: false, slow: false);
        await Seen.EnteredAsync();
        await Grain.ChangeAsync(1, -1);
        await Seen.EnteredAsync();
        await Grain.StopAsync();
        Assert.Equal(2, Ticks);
    }

    [Fact]
    public async Task A_tick_waits_for_the_call_that_runs()
    {
        await Grain.TickAsync(-1, -1, interleave: false, fail: false, slow: false);
        var holding = Grain.HoldAsync();
        await Seen.EnteredAsync();
        await Grain.ChangeAsync(1, -1);
        // Another grain's timer, set later, has ticked by then: this one's tick waits.
        var other = shared.Grains.GetGrain<ITimerGrain>(_key + "-other");
        await other.TickAsync(200, -1, interleave: false, fail: false, slow: false);
        await Probe.For(_key + "-other").EnteredAsync();
        Assert.Empty(Seen.Events);
        Seen.Release();
        await holding;
        await Seen.EnteredAsync();
        await Grain.StopAsync();
        Assert.Equal(["held", "tick"], Seen.Events.Take(2));
    }

    [Fact]
    public async Task An_interleaving_tick_runs_between_the_awaits_of_a_call()
    {
        await Grain.TickAsync(-1, -1, interleave: true, fail: false, slow: false);
        var holding = Grain.HoldAsync();
        await Seen.EnteredAsync();
        await Grain.ChangeAsync(1, -1);
        await Seen.EnteredAsync();
        Assert.False(holding.IsCompleted);
        Seen.Release();
        await holding;
        Assert.Equal(["tick", "held"], Seen.Events);
    }

    [Fact]
    public async Task A_disposed_timer_cancels_its_tick()
    {
        await Grain.HoldTickAsync();
        await Seen.EnteredAsync();
        await Grain.StopAsync();
        await Seen.EnteredAsync();
        Assert.Contains("cancelled", Seen.Events);
    }
}
