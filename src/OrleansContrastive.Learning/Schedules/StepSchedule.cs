namespace OrleansContrastive.Learning.Schedules;

/// <summary>Multiplies the value by a factor at each milestone (MoCo v1: ×0.1 at epochs 120 and 160 of 200).</summary>
public sealed class StepSchedule : ISchedule
{
    private readonly double _value;
    private readonly double _factor;
    private readonly long[] _milestones;

    /// <summary>Creates the schedule.</summary>
    /// <param name="value">Value before the first milestone.</param>
    /// <param name="factor">Multiplier per milestone passed.</param>
    /// <param name="milestones">Samples applied, ascending.</param>
    /// <exception cref="ArgumentException">The milestones do not ascend.</exception>
    public StepSchedule(double value, double factor, params IReadOnlyList<long> milestones)
    {
        for (var i = 1; i < milestones.Count; i++)
        {
            if (milestones[i] <= milestones[i - 1])
            {
                throw new ArgumentException(
                    $"Milestone {i} is at {milestones[i]} samples; expected more than {milestones[i - 1]}.", nameof(milestones));
            }
        }

        (_value, _factor, _milestones) = (value, factor, [.. milestones]);
    }

    /// <inheritdoc/>
    public double At(long samplesApplied)
    {
        var passed = 0;
        while (passed < _milestones.Length && samplesApplied >= _milestones[passed])
        {
            passed++;
        }

        return _value * Math.Pow(_factor, passed);
    }
}
