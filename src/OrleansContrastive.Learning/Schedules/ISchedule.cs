namespace OrleansContrastive.Learning.Schedules;

/// <summary>A coefficient as a function of progress. Immutable and thread-safe.</summary>
/// <remarks>Progress is counted in samples applied by the whole run, never in a worker's own steps: runs with different
/// batches, cluster sizes or restarts pass through the same values.</remarks>
public interface ISchedule
{
    /// <summary>Returns the value for the update that follows <paramref name="samplesApplied"/> applied samples.</summary>
    double At(long samplesApplied);
}
