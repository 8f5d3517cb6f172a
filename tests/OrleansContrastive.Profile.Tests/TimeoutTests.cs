using Orleans;
using Orleans.Configuration;
using Orleans.Hosting;

namespace OrleansContrastive.Profile.Tests;

[Alias("oc.test.cycle")]
public interface ICycleGrain : IGrainWithStringKey
{
    [Alias("call-back")]
    Task CallBackAsync(string other, int depth);

    [Alias("hold")]
    Task HoldAsync();

    [Alias("hold-briefly"), ResponseTimeout("00:00:00.5")]
    Task HoldBrieflyAsync();

    [Alias("note")]
    Task NoteAsync(string text);
}

public sealed class CycleGrain : Grain, ICycleGrain
{
    private Probe Probe => Probe.For(this.GetPrimaryKeyString());

    public async Task CallBackAsync(string other, int depth)
    {
        if (depth > 0)
            await GrainFactory.GetGrain<ICycleGrain>(other).CallBackAsync(this.GetPrimaryKeyString(), depth - 1);
    }

    public Task HoldAsync() => Probe.HoldAsync();

    public Task HoldBrieflyAsync() => Probe.HoldAsync();

    public Task NoteAsync(string text)
    {
        Probe.Events.Enqueue(text);
        return Task.CompletedTask;
    }
}

/// <summary>A caller that gets no answer hears so, and a cycle of calls ends.</summary>
public sealed class TimeoutTests
{
    private static Task<TestSilo> StartAsync(TimeSpan timeout) => TestSilo.StartAsync(
        silo => silo.Configure<SiloMessagingOptions>(options => options.ResponseTimeout = timeout));

    [Fact]
    public async Task A_cycle_of_calls_times_out_and_both_grains_serve_again()
    {
        await using var silo = await StartAsync(TimeSpan.FromSeconds(1));
        string first = Probe.NewKey(), second = Probe.NewKey();
        await Assert.ThrowsAsync<TimeoutException>(
            () => silo.Grains.GetGrain<ICycleGrain>(first).CallBackAsync(second, 2).Soon());

        // The time-outs of the parts of a cycle need not fall together.
        foreach (var key in new[] { first, second })
        {
            await Until.SucceedsAsync(() => silo.Grains.GetGrain<ICycleGrain>(key).NoteAsync("free"));
            Assert.Contains("free", Probe.For(key).Events);
        }
    }

    [Fact]
    public async Task A_method_may_have_its_own_time_out()
    {
        await using var silo = await StartAsync(Probe.Patience);
        var key = Probe.NewKey();
        var call = silo.Grains.GetGrain<ICycleGrain>(key).HoldBrieflyAsync();
        await Assert.ThrowsAsync<TimeoutException>(() => call.Soon());
        Probe.For(key).Release();
    }

    [Fact]
    public async Task A_request_that_timed_out_while_it_waited_is_not_run_later()
    {
        await using var silo = await StartAsync(TimeSpan.FromSeconds(1));
        var key = Probe.NewKey();
        var grain = silo.Grains.GetGrain<ICycleGrain>(key);
        // The first call, which wakes it, may itself take longer than that on a busy machine.
        await Until.SucceedsAsync(() => grain.NoteAsync("awake"));
        var holding = grain.HoldAsync();
        await Probe.For(key).EnteredAsync();
        await Assert.ThrowsAsync<TimeoutException>(() => grain.NoteAsync("late"));
        await Assert.ThrowsAsync<TimeoutException>(() => holding);
        Probe.For(key).Release();
        await Until.SucceedsAsync(() => grain.NoteAsync("next"));
        Assert.DoesNotContain("late", Probe.For(key).Events);
    }
}
