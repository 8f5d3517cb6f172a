using FsCheck;
using FsCheck.Fluent;
using OrleansContrastive.Data.Sampling;

namespace OrleansContrastive.Data.Tests.Sampling;

public sealed class EpochOrderTests
{
    [Fact]
    public void The_order_is_a_bijection_for_any_count_seed_and_epoch() =>
        Prop.ForAll(
            Gen.Choose(0, 3_000).ToArbitrary(),
            ArbMap.Default.ArbFor<ulong>(),
            Gen.Choose(0, 1_000).ToArbitrary(),
            (count, seed, epoch) =>
            {
                var order = new EpochOrder(count, seed, epoch);
                var seen = new bool[count];
                for (var i = 0; i < count; i++)
                {
                    var sample = order[i];
                    if (sample < 0 || sample >= count || seen[sample]) return false;
                    seen[sample] = true;
                }

                return true;
            }).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData(60_000)]
    [InlineData(65_536)]
    [InlineData(65_537)]
    public void Real_sizes_are_bijections(int count)
    {
        var order = new EpochOrder(count, 1, 0);
        Assert.Equal(count, Enumerable.Range(0, count).Select(i => order[i]).Distinct().Count());
    }

    [Fact]
    public void The_largest_count_works()
    {
        var order = new EpochOrder(long.MaxValue, 3, 0);
        Assert.InRange(order[long.MaxValue - 1], 0, long.MaxValue - 1);
        Assert.NotEqual(order[0], order[1]);
    }

    [Fact]
    public void Seeds_and_epochs_give_other_orders()
    {
        var order = Take(new EpochOrder(1_000, 1, 0));
        Assert.Equal(order, Take(new EpochOrder(1_000, 1, 0)));
        Assert.NotEqual(order, Take(new EpochOrder(1_000, 2, 0)));
        Assert.NotEqual(order, Take(new EpochOrder(1_000, 1, 1)));
    }

    // Over many seeds, every permutation of a short order should come up equally often.
    [Fact]
    public void Short_orders_reach_every_permutation_evenly()
    {
        const int seeds = 24_000;
        var counts = new Dictionary<string, int>();
        for (ulong seed = 0; seed < seeds; seed++)
        {
            var order = string.Join(',', Take(new EpochOrder(4, seed, 0)));
            counts[order] = counts.GetValueOrDefault(order) + 1;
        }

        Assert.Equal(24, counts.Count);
        var chiSquare = counts.Values.Sum(c => (c - 1000.0) * (c - 1000.0) / 1000.0);
        Assert.InRange(chiSquare, 0, 60);
    }

    // Displacement of neighbours: in a random order, the mean distance of adjacent samples is a third of the count.
    [Fact]
    public void Neighbours_are_scattered()
    {
        const int count = 10_000;
        var order = Take(new EpochOrder(count, 9, 2));
        var mean = order.Zip(order.Skip(1), (a, b) => (double)Math.Abs(a - b)).Average();
        Assert.InRange(mean, (count / 3.0) - 100, (count / 3.0) + 100);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(10)]
    public void A_position_outside_is_refused(long position)
    {
        var error = Assert.Throws<ArgumentOutOfRangeException>(() => new EpochOrder(10, 1, 0)[position]);
        Assert.Contains("[0, 10)", error.Message);
    }

    private static long[] Take(EpochOrder order)
    {
        var samples = new long[order.Count];
        for (var i = 0; i < samples.Length; i++) samples[i] = order[i];
        return samples;
    }
}
