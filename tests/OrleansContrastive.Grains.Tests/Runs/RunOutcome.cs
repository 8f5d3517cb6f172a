using System.Runtime.InteropServices;

namespace OrleansContrastive.Grains.Tests.Runs;

/// <summary>All that a run has learned.</summary>
internal sealed record RunOutcome(byte[] Query, byte[] Key, byte[] Moments, byte[] QueueRows, long[] QueueSamples, long QueueSequence)
{
    /// <summary>Bit for bit.</summary>
    public void AssertEqual(RunOutcome other)
    {
        Assert.Equal(Query, other.Query);
        Assert.Equal(Key, other.Key);
        Assert.Equal(Moments, other.Moments);
        Assert.Equal(QueueSequence, other.QueueSequence);
        Assert.Equal(QueueSamples, other.QueueSamples);
        Assert.Equal(QueueRows, other.QueueRows);
    }

    /// <summary>Largest difference of the weights, relative to the largest weight.</summary>
    public double Distance(RunOutcome other, bool wide) => wide
        ? Distance(Cast<double>(Query), Cast<double>(other.Query))
        : Distance(Cast<float>(Query).Select(value => (double)value), Cast<float>(other.Query).Select(value => (double)value));

    private static T[] Cast<T>(byte[] bytes)
        where T : struct => MemoryMarshal.Cast<byte, T>(bytes).ToArray();

    private static double Distance(IEnumerable<double> mine, IEnumerable<double> others)
    {
        var pairs = mine.Zip(others).ToList();
        return pairs.Max(pair => Math.Abs(pair.First - pair.Second)) / pairs.Max(pair => Math.Abs(pair.First));
    }
}
