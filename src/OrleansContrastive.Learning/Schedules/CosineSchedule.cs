namespace OrleansContrastive.Learning.Schedules;

/// <summary>Half a cosine from one value to another: to + ½(from − to)(1 + cos πx), x running from 0 to 1.</summary>
/// <remarks>Learning rates fall to zero (Loshchilov and Hutter 2017); BYOL's moving average rises to one
/// (Grill et al. 2020, section 3.3).</remarks>
public sealed class CosineSchedule : ISchedule
{
    private readonly double _from;
    private readonly double _to;
    private readonly long _begin;
    private readonly long _end;
    private readonly long _stride;

    /// <summary>Creates the schedule.</summary>
    /// <param name="from">Value up to <paramref name="begin"/>.</param>
    /// <param name="to">Value from <paramref name="end"/> on.</param>
    /// <param name="end">Samples at which the last value is reached.</param>
    /// <param name="begin">Samples at which the descent begins: the end of the warm-up.</param>
    /// <param name="samplesPerEpoch">0 moves with every update; otherwise the value changes once an epoch, as in MoCo's
    /// released code.</param>
    /// <exception cref="ArgumentOutOfRangeException">The end is not after the beginning, or a count is negative.</exception>
    public CosineSchedule(double from, double to, long end, long begin = 0, long samplesPerEpoch = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(begin);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(end, begin);
        ArgumentOutOfRangeException.ThrowIfNegative(samplesPerEpoch);
        (_from, _to, _begin, _end, _stride) = (from, to, begin, end, Math.Max(1, samplesPerEpoch));
    }

    /// <inheritdoc/>
    public double At(long samplesApplied)
    {
        var position = samplesApplied / _stride * _stride;
        if (position <= _begin)
        {
            return _from;
        }

        if (position >= _end)
        {
            return _to;
        }

        var x = (double)(position - _begin) / (_end - _begin);
        return _to + 0.5 * (_from - _to) * (1.0 + Math.Cos(Math.PI * x));
    }
}
