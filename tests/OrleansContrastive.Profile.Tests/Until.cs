using System.Diagnostics;

namespace OrleansContrastive.Profile.Tests;

/// <summary>Waits for what another thread brings about.</summary>
internal static class Until
{
    /// <summary>Asks again until it holds.</summary>
    public static async Task HoldsAsync(Func<Task<bool>> condition, string what)
    {
        var clock = Stopwatch.StartNew();
        while (!await condition())
        {
            Assert.True(clock.Elapsed < Probe.Patience, $"Waited {Probe.Patience} for this: {what}.");
            await Task.Delay(20);
        }
    }

    /// <summary>Asks again until it holds.</summary>
    public static Task HoldsAsync(Func<bool> condition, string what) => HoldsAsync(() => Task.FromResult(condition()), what);

    /// <summary>Fails where the task does not end in time.</summary>
    public static Task Soon(this Task task) => task.WaitAsync(Probe.Patience, TestContext.Current.CancellationToken);

    /// <summary>Fails where the task does not end in time.</summary>
    public static Task<T> Soon<T>(this Task<T> task) => task.WaitAsync(Probe.Patience, TestContext.Current.CancellationToken);

    /// <summary>Calls again while the call times out.</summary>
    public static async Task SucceedsAsync(Func<Task> call)
    {
        var clock = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                await call();
                return;
            }
            catch (TimeoutException) when (clock.Elapsed < Probe.Patience)
            {
                // The grain still holds, or the machine is busy.
            }
        }
    }
}
