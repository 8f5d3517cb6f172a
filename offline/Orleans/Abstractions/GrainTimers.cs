using System.Diagnostics.CodeAnalysis;

namespace Orleans.Runtime;

/// <summary>A timer of one activation.</summary>
public interface IGrainTimer : IDisposable
{
    /// <summary>Sets the time until the next tick and the period after it; during a tick it takes effect when the tick ends.</summary>
    void Change(TimeSpan dueTime, TimeSpan period);
}

/// <summary>How a grain timer runs.</summary>
public readonly struct GrainTimerCreationOptions
{
    /// <summary>Options to be filled by an initializer.</summary>
    public GrainTimerCreationOptions() { }

    /// <summary>Options that neither interleave nor keep the grain alive.</summary>
    [SetsRequiredMembers]
    public GrainTimerCreationOptions(TimeSpan dueTime, TimeSpan period)
    {
        DueTime = dueTime;
        Period = period;
    }

    /// <summary>Time until the first tick; <see cref="Timeout.InfiniteTimeSpan"/> for none.</summary>
    public required TimeSpan DueTime { get; init; }

    /// <summary>Time from the end of a tick to the next; <see cref="Timeout.InfiniteTimeSpan"/> for a single tick.</summary>
    public required TimeSpan Period { get; init; }

    /// <summary>Whether ticks may run between the awaits of calls. Default: no.</summary>
    public bool Interleave { get; init; }

    /// <summary>Whether a tick counts as use, so that idle collection stays away. Default: no.</summary>
    public bool KeepAlive { get; init; }
}
