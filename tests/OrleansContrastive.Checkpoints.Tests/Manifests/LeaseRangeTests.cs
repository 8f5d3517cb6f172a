using FsCheck;
using FsCheck.Fluent;
using OrleansContrastive.Checkpoints.Manifests;

namespace OrleansContrastive.Checkpoints.Tests.Manifests;

public sealed class LeaseRangeTests
{
    [Fact]
    public void Compressed_leases_are_the_same_leases_in_the_fewest_ranges()
    {
        var leases = Gen.Choose(0, 2).Zip(Gen.Choose(0, 20)).Select(pair => (Epoch: pair.Item1, Index: (long)pair.Item2)).ListOf();
        Prop.ForAll(leases.ToArbitrary(), given =>
        {
            var ranges = LeaseRange.Compress(given);
            Assert.Equal(given.Distinct().Order(), LeaseRange.Expand(ranges));
            Assert.Equal(given.Distinct().Count(), ranges.Sum(range => range.Count));
            foreach (var (one, next) in ranges.Zip(ranges.Skip(1)))
                Assert.True(next.Epoch > one.Epoch || next.First > one.Last + 1, "Two ranges could have been one.");
        }).QuickCheckThrowOnFailure();
    }
}
