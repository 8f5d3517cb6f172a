using Orleans;

namespace OrleansContrastive.Profile.Tests;

[Alias("oc.test.counter")]
public interface ICounterGrain : IGrainWithStringKey
{
    [Alias("add")]
    Task<int> AddAsync(int by);

    [Alias("add-slowly")]
    Task AddSlowlyAsync();

    [Alias("value")]
    ValueTask<int> ValueAsync();

    [Alias("overlaps")]
    Task<int> OverlapsAsync();
}

public sealed class CounterGrain : Grain, ICounterGrain
{
    private int _value;
    private int _inside;
    private int _overlaps;

    public Task<int> AddAsync(int by)
    {
        if (Interlocked.Increment(ref _inside) != 1) _overlaps++;
        _value += by;
        Interlocked.Decrement(ref _inside);
        return Task.FromResult(_value);
    }

    public async Task AddSlowlyAsync()
    {
        if (Interlocked.Increment(ref _inside) != 1) _overlaps++;
        var before = _value;
        await Task.Yield();
        _value = before + 1;
        Interlocked.Decrement(ref _inside);
    }

    public ValueTask<int> ValueAsync() => new(_value);

    public Task<int> OverlapsAsync() => Task.FromResult(_overlaps);
}

/// <summary>One turn at a time, on the activation's own scheduler.</summary>
public sealed class TurnTests
{
    [Fact]
    public async Task A_hundred_thousand_concurrent_calls_never_overlap()
    {
        const int Callers = 8;
        const int CallsEach = 12_500;
        await using var silo = await TestSilo.StartAsync();
        var grain = silo.Grains.GetGrain<ICounterGrain>("shared");
        await Task.WhenAll(Enumerable.Range(0, Callers).Select(caller => Task.Run(async () =>
        {
            var calls = new Task[CallsEach];
            for (var index = 0; index < CallsEach; index++)
                calls[index] = index % 2 == 0 ? grain.AddAsync(1) : grain.AddSlowlyAsync();
            await Task.WhenAll(calls);
        })));

        Assert.Equal(Callers * CallsEach, await grain.ValueAsync());
        Assert.Equal(0, await grain.OverlapsAsync());
    }
}
