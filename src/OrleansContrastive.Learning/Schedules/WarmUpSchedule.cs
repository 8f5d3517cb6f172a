namespace OrleansContrastive.Learning.Schedules;

/// <summary>A straight line from a small value to where another schedule takes over.</summary>
/// <remarks>The line ends at the inner schedule's value at <paramref name="samples"/>, so the two always join. A cosine that
/// shall start there takes <c>begin: samples</c>.</remarks>
/// <param name="inner">Schedule after the warm-up.</param>
/// <param name="samples">Length of the warm-up; 0 means none.</param>
/// <param name="start">Value at the first update.</param>
public sealed class WarmUpSchedule(ISchedule inner, long samples, double start = 0) : ISchedule
{
    /// <inheritdoc/>
    public double At(long samplesApplied)
    {
        if (samplesApplied >= samples)
        {
            return inner.At(samplesApplied);
        }

        return start + (inner.At(samples) - start) * ((double)samplesApplied / samples);
    }
}
