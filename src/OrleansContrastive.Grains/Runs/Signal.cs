namespace OrleansContrastive.Grains.Runs;

/// <summary>Wakes whoever waits for something to change. On one grain's scheduler only.</summary>
internal sealed class Signal
{
    private TaskCompletionSource _next = Create();

    /// <summary>Wakes all that wait now.</summary>
    public void Pulse()
    {
        var last = _next;
        _next = Create();
        last.SetResult();
    }

    /// <summary>Waits for the next pulse, or until the time is over.</summary>
    public Task WaitAsync(TimeSpan most, TimeProvider time) => Task.WhenAny(_next.Task, Task.Delay(most, time));

    private static TaskCompletionSource Create() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
