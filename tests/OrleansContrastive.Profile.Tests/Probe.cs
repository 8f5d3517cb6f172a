using System.Collections.Concurrent;

namespace OrleansContrastive.Profile.Tests;

/// <summary>What a test and the grain of one key tell each other, beside the calls.</summary>
internal sealed class Probe
{
    private static readonly ConcurrentDictionary<string, Probe> Known = new();
    private readonly SemaphoreSlim _entered = new(0);
    private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _created;

    /// <summary>No test waits longer for anything than this, on the busiest machine.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    /// <summary>What happened, in order.</summary>
    public ConcurrentQueue<string> Events { get; } = new();

    /// <summary>How many instances of the grain were created.</summary>
    public int Created => Volatile.Read(ref _created);

    public static Probe For(string key) => Known.GetOrAdd(key, _ => new Probe());

    public static string NewKey() => Guid.NewGuid().ToString("N");

    public void CountCreation() => Interlocked.Increment(ref _created);

    /// <summary>The grain: something was reached.</summary>
    public void Enter() => _entered.Release();

    /// <summary>The test: waits until the grain has reached something once more.</summary>
    public async Task EnteredAsync() => Assert.True(await _entered.WaitAsync(Patience), "The grain did not get there.");

    /// <summary>The test: lets the grain go on.</summary>
    public void Release() => _released.TrySetResult();

    /// <summary>The grain: waits for the test.</summary>
    public Task ReleasedAsync() => _released.Task;

    /// <summary>The grain: says that it got here, and waits for the test.</summary>
    public Task HoldAsync()
    {
        Enter();
        return ReleasedAsync();
    }
}
