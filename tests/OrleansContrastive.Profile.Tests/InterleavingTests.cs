using Orleans;
using Orleans.Concurrency;

namespace OrleansContrastive.Profile.Tests;

[Alias("oc.test.interleave")]
public interface IInterleavingGrain : IGrainWithStringKey
{
    [Alias("write")]
    Task WriteAsync();

    [Alias("hold-writing")]
    Task HoldWritingAsync();

    [Alias("hold-reading"), ReadOnly]
    Task HoldReadingAsync();

    [Alias("read"), ReadOnly]
    Task<string> ReadAsync();

    [Alias("look"), AlwaysInterleave]
    Task<string> LookAsync();

    [Alias("hold-looking"), AlwaysInterleave]
    Task HoldLookingAsync();

    [Alias("hold-yielding")]
    Task HoldYieldingAsync();
}

public sealed class InterleavingGrain : Grain, IInterleavingGrain
{
    private Probe Probe => Probe.For(this.GetPrimaryKeyString());

    public Task WriteAsync()
    {
        Probe.Events.Enqueue("write");
        return Task.CompletedTask;
    }

    public async Task HoldWritingAsync()
    {
        await Probe.HoldAsync();
        Probe.Events.Enqueue("held");
    }

    public async Task HoldReadingAsync()
    {
        await Probe.HoldAsync();
        Probe.Events.Enqueue("held");
    }

    public Task<string> ReadAsync()
    {
        Probe.Events.Enqueue("read");
        return Task.FromResult("read");
    }

    public Task<string> LookAsync()
    {
        Probe.Events.Enqueue("look");
        return Task.FromResult("look");
    }

    public async Task HoldLookingAsync()
    {
        await Probe.HoldAsync();
        Probe.Events.Enqueue("held");
    }

    public async Task HoldYieldingAsync()
    {
        var released = Probe.HoldAsync();
        while (!released.IsCompleted) await Task.Yield();
    }
}

/// <summary>Which calls run between the awaits of which.</summary>
public sealed class InterleavingTests(SharedSilo shared) : IClassFixture<SharedSilo>
{
    private readonly string _key = Probe.NewKey();

    private Probe Seen => Probe.For(_key);

    private IInterleavingGrain Grain => shared.Grains.GetGrain<IInterleavingGrain>(_key);

    [Fact]
    public async Task An_always_interleaving_call_runs_between_the_awaits_of_a_writer()
    {
        var holding = Grain.HoldWritingAsync();
        await Seen.EnteredAsync();
        Assert.Equal("look", await Grain.LookAsync().Soon());
        Assert.False(holding.IsCompleted);
        Seen.Release();
        await holding;
    }

    [Fact]
    public async Task Others_run_between_the_awaits_of_an_always_interleaving_call()
    {
        var holding = Grain.HoldLookingAsync();
        await Seen.EnteredAsync();
        await Grain.WriteAsync().Soon();
        Assert.False(holding.IsCompleted);
        Seen.Release();
        await holding;
    }

    [Fact]
    public async Task Readers_interleave_with_each_other()
    {
        var holding = Grain.HoldReadingAsync();
        await Seen.EnteredAsync();
        Assert.Equal("read", await Grain.ReadAsync().Soon());
        Assert.False(holding.IsCompleted);
        Seen.Release();
        await holding;
    }

    [Fact]
    public async Task A_writer_waits_for_a_reader()
    {
        var holding = Grain.HoldReadingAsync();
        await Seen.EnteredAsync();
        var writing = Grain.WriteAsync();
        await Grain.LookAsync();
        Seen.Release();
        await Task.WhenAll(holding, writing);
        Assert.Equal(["look", "held", "write"], Seen.Events);
    }

    [Fact]
    public async Task A_reader_and_a_writer_wait_for_a_writer()
    {
        var holding = Grain.HoldWritingAsync();
        await Seen.EnteredAsync();
        var writing = Grain.WriteAsync();
        var reading = Grain.ReadAsync();
        await Grain.LookAsync();
        Seen.Release();
        await Task.WhenAll(holding, writing, reading);
        Assert.Equal(["look", "held", "write", "read"], Seen.Events);
    }

    [Fact]
    public async Task A_grain_that_yields_for_ever_still_lets_interleaving_calls_in()
    {
        var holding = Grain.HoldYieldingAsync();
        await Seen.EnteredAsync();
        Assert.Equal("look", await Grain.LookAsync().Soon());
        Seen.Release();
        await holding;
    }
}
