using System.Numerics;
using OrleansContrastive.Contracts.Runs;

namespace OrleansContrastive.Grains.Runs;

/// <summary>
/// Counts ages: exactly below 128, above that in 64 steps to every doubling (1.6 % at most). One thread at a time.
/// </summary>
internal sealed class AgeHistogram
{
    private const int Steps = 64;
    private readonly long[] _counts = new long[(2 * Steps) + (57 * Steps)];
    private long _count;
    private long _max;

    /// <summary>Counts an age; a negative one counts as 0.</summary>
    public void Add(long age)
    {
        age = Math.Max(0, age);
        _counts[Place(age)]++;
        _count++;
        _max = Math.Max(_max, age);
    }

    /// <summary>The histogram in five numbers.</summary>
    public AgeSummary Summary => _count == 0 ? default : new(_count, Quantile(0.5), Quantile(0.9), Quantile(0.99), _max);

    /// <summary>The least age that a share of the values do not exceed, to the histogram's resolution.</summary>
    public long Quantile(double share)
    {
        var wanted = (long)Math.Ceiling(share * _count);
        var seen = 0L;
        for (var place = 0; place < _counts.Length; place++)
        {
            seen += _counts[place];
            if (seen >= wanted && seen > 0) return Math.Min(_max, Highest(place));
        }

        return _max;
    }

    private static int Place(long age)
    {
        if (age < 2 * Steps) return (int)age;
        var shift = BitOperations.Log2((ulong)age) - 6;
        return (shift * Steps) + (int)(age >> shift);
    }

    private static long Highest(int place)
    {
        if (place < 2 * Steps) return place;
        var shift = (place / Steps) - 1;
        return ((place - (shift * (long)Steps) + 1) << shift) - 1;
    }
}
