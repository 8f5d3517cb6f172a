using OrleansContrastive.Data.Sampling;
using OrleansContrastive.Data.Tests.Augmentation;

namespace OrleansContrastive.Data.Tests.Sampling;

public sealed class PhiloxStreamTests
{
    [Fact]
    public void Equal_coordinates_draw_equal_numbers()
    {
        var first = new PhiloxStream(7, PhiloxPurpose.Augmentation, 3, 11);
        var second = new PhiloxStream(7, PhiloxPurpose.Augmentation, 3, 11);
        for (var i = 0; i < 100; i++) Assert.Equal(first.NextUInt32(), second.NextUInt32());
    }

    [Fact]
    public void Every_coordinate_matters()
    {
        ulong[] firsts =
        [
            new PhiloxStream(7, 2, 3, 11).NextUInt64(),
            new PhiloxStream(8, 2, 3, 11).NextUInt64(),
            new PhiloxStream(7, 1, 3, 11).NextUInt64(),
            new PhiloxStream(7, 2, 4, 11).NextUInt64(),
            new PhiloxStream(7, 2, 3 + (1UL << 32), 11).NextUInt64(),
            new PhiloxStream(7, 2, 3, 12).NextUInt64(),
            new PhiloxStream(7, 2, 3, 11 + (1UL << 32)).NextUInt64(),
            new PhiloxStream(7, 2, 11, 3).NextUInt64(),
        ];
        Assert.Equal(firsts.Length, firsts.Distinct().Count());
    }

    [Fact]
    public void Numbers_within_and_across_streams_do_not_repeat()
    {
        var seen = new HashSet<ulong>();
        for (ulong sample = 0; sample < 2_000; sample++)
        {
            var stream = new PhiloxStream(1, PhiloxPurpose.Augmentation, 0, sample);
            for (var i = 0; i < 20; i++) Assert.True(seen.Add(stream.NextUInt64()));
        }
    }

    [Fact]
    public void Singles_are_uniform() =>
        Assert.True(KolmogorovSmirnov.PValue(Draw((ref PhiloxStream s) => s.NextSingle()), x => x) > 0.001);

    [Fact]
    public void Doubles_are_uniform() =>
        Assert.True(KolmogorovSmirnov.PValue(Draw((ref PhiloxStream s) => s.NextDouble()), x => x) > 0.001);

    [Fact]
    public void Gaussians_are_normal() =>
        Assert.True(KolmogorovSmirnov.PValue(Draw((ref PhiloxStream s) => s.NextGaussian()), NormalDistribution) > 0.001);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(10)]
    [InlineData(1000)]
    public void Integers_are_uniform(int bound)
    {
        const int draws = 100_000;
        var counts = new int[bound];
        var stream = new PhiloxStream(5, PhiloxPurpose.Synthetic, 0, (ulong)bound);
        for (var i = 0; i < draws; i++) counts[stream.NextInt(bound)]++;

        // Chi-square: its mean is bound - 1 and its variance 2 (bound - 1).
        var expected = (double)draws / bound;
        var chiSquare = counts.Sum(c => (c - expected) * (c - expected) / expected);
        Assert.InRange(chiSquare, 0, bound - 1 + (5 * Math.Sqrt(2 * bound)));
    }

    [Fact]
    public void A_bound_must_be_positive() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new PhiloxStream(1, 1, 1, 1).NextInt(0));

    private delegate double Sampler(ref PhiloxStream stream);

    private static double[] Draw(Sampler sampler)
    {
        var stream = new PhiloxStream(42, PhiloxPurpose.Synthetic, 1, 2);
        var values = new double[100_000];
        for (var i = 0; i < values.Length; i++) values[i] = sampler(ref stream);
        return values;
    }

    private static double NormalDistribution(double x)
    {
        // Abramowitz and Stegun 26.2.17, absolute error below 1e-7.
        var t = 1 / (1 + (0.2316419 * Math.Abs(x)));
        var tail = Math.Exp(-x * x / 2) / Math.Sqrt(2 * Math.PI) * t
            * (0.319381530 + (t * (-0.356563782 + (t * (1.781477937 + (t * (-1.821255978 + (t * 1.330274429))))))));
        return x >= 0 ? 1 - tail : tail;
    }
}
