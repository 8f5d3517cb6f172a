namespace OrleansContrastive.Learning.Schedules;

/// <summary>The same value throughout.</summary>
/// <param name="Value">The value.</param>
public sealed record ConstantSchedule(double Value) : ISchedule
{
    /// <inheritdoc/>
    public double At(long samplesApplied) => Value;
}
