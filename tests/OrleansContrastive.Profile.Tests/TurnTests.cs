using Orleans;
using Orleans.Configuration;
using Orleans.Hosting;

namespace OrleansContrastive.Profile.Tests;

[Alias("oc.test.turns")]
public interface ITurnGrain : IGrainWithStringKey
{
    [Alias("add")]
    Task<int> AddAsync(int by);

    [Alias("add-slowly")]
    Task AddSlowlyAsync();

    [Alias("value")]
    ValueTask<int> ValueAsync();

    [Alias("nothing")]
    ValueTask NothingAsync();

    [Alias("overlaps")]
    Task<int> OverlapsAsync();

    [Alias("stays")]
    Task<bool> StaysOnItsSchedulerAsync();

    [Alias("many")]
    Task<string> ManyArgumentsAsync(int a, string b, long c, double d, bool e, byte f, char g, short h, string i, int j, CancellationToken cancellationToken);
}

public sealed class TurnGrain : Grain, ITurnGrain
{
    private int _value;
    private int _inside;
    private int _overlaps;

    public Task<int> AddAsync(int by)
    {
        Enter();
        _value += by;
        Leave();
        return Task.FromResult(_value);
    }

    public async Task AddSlowlyAsync()
    {
        Enter();
        var before = _value;
        await Task.Yield();
        _value = before + 1;
        Leave();
    }

    public ValueTask<int> ValueAsync() => new(_value);

    public ValueTask NothingAsync() => ValueTask.CompletedTask;

    public Task<int> OverlapsAsync() => Task.FromResult(_overlaps);

    public async Task<bool> StaysOnItsSchedulerAsync()
    {
        var scheduler = TaskScheduler.Current;
        var stays = !ReferenceEquals(scheduler, TaskScheduler.Default);
        await Task.Yield();
        stays &= ReferenceEquals(scheduler, TaskScheduler.Current);
        await Task.Run(() => { });
        stays &= ReferenceEquals(scheduler, TaskScheduler.Current);
        await Task.Delay(1);
        return stays && ReferenceEquals(scheduler, TaskScheduler.Current);
    }

    public Task<string> ManyArgumentsAsync(
        int a, string b, long c, double d, bool e, byte f, char g, short h, string i, int j, CancellationToken cancellationToken) =>
        Task.FromResult(FormattableString.Invariant($"{a} {b} {c} {d} {e} {f} {g} {h} {i} {j}"));

    private void Enter()
    {
        if (Interlocked.Increment(ref _inside) != 1) _overlaps++;
    }

    private void Leave() => Interlocked.Decrement(ref _inside);
}

/// <summary>One turn at a time, on the activation's own scheduler.</summary>
public sealed class TurnTests(SharedSilo shared) : IClassFixture<SharedSilo>
{
    // Over a hundred grains, since the real runtime's queue of one grain takes time by the square of its length.
    [Fact]
    public async Task A_hundred_thousand_concurrent_calls_never_overlap()
    {
        const int Callers = 8;
        const int CallsEach = 12_500;
        var grains = Enumerable.Range(0, 100).Select(_ => shared.Grains.GetGrain<ITurnGrain>(Probe.NewKey())).ToArray();
        var start = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var callers = Enumerable.Range(0, Callers).Select(async _ =>
        {
            await start.Task;
            var calls = new Task[CallsEach];
            for (var index = 0; index < CallsEach; index++)
            {
                var grain = grains[index % grains.Length];
                calls[index] = index / grains.Length % 2 == 0 ? grain.AddAsync(1) : grain.AddSlowlyAsync();
            }

            await Task.WhenAll(calls);
        }).ToArray();
        start.SetResult();
        await Task.WhenAll(callers);

        foreach (var grain in grains)
        {
            Assert.Equal(Callers * CallsEach / grains.Length, await grain.ValueAsync());
            Assert.Equal(0, await grain.OverlapsAsync());
        }
    }

    [Fact]
    public async Task Continuations_stay_on_the_scheduler_of_the_activation()
    {
        var grain = shared.Grains.GetGrain<ITurnGrain>(Probe.NewKey());
        Assert.True(await grain.StaysOnItsSchedulerAsync());
    }

    [Fact]
    public async Task Arguments_beyond_seven_arrive_in_their_places()
    {
        var grain = shared.Grains.GetGrain<ITurnGrain>(Probe.NewKey());
        await grain.NothingAsync();
        var text = await grain.ManyArgumentsAsync(1, "b", 3, 4.5, true, 6, 'g', 8, "i", 10, CancellationToken.None);
        Assert.Equal("1 b 3 4.5 True 6 g 8 i 10", text);
    }
}
