namespace OrleansContrastive.Grains.Workers;

/// <summary>
/// Makes an encoder as slow as a handicap asks for, by what its steps usually take: a hiccup of the machine is not made longer by it.
/// </summary>
/// <param name="slower">How many times as long a step takes; 1 or more.</param>
internal sealed class Pace(double slower)
{
    private const int StepsKept = 15;

    private readonly Queue<TimeSpan> _steps = new(StepsKept);

    /// <summary>How long to sleep after a step.</summary>
    public TimeSpan Rest(TimeSpan step)
    {
        if (slower <= 1) return TimeSpan.Zero;
        if (_steps.Count == StepsKept) _steps.Dequeue();
        _steps.Enqueue(step);
        return _steps.Order().ElementAt((_steps.Count - 1) / 2) * (slower - 1);
    }
}
