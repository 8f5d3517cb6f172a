namespace Orleans.Runtime;

/// <summary>Makes timers that carry nothing over from whoever made them.</summary>
internal static class Timers
{
    public static ITimer Create(TimeProvider time, TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        if (ExecutionContext.IsFlowSuppressed()) return time.CreateTimer(callback, state, dueTime, period);
        using (ExecutionContext.SuppressFlow()) return time.CreateTimer(callback, state, dueTime, period);
    }
}
