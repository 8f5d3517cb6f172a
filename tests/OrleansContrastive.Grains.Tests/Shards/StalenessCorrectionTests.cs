using OrleansContrastive.Contracts.Leases;
using OrleansContrastive.Contracts.Runs;
using OrleansContrastive.Grains.Shards;
using OrleansContrastive.Grains.Tests.Protocol;

namespace OrleansContrastive.Grains.Tests.Shards;

/// <summary>What a parameter shard makes of the age of a gradient.</summary>
public sealed class StalenessCorrectionTests
{
    [Theory]
    [InlineData(StalenessCorrection.None, 3, 1.0)]
    [InlineData(StalenessCorrection.Inverse, 0, 1.0)]
    [InlineData(StalenessCorrection.Inverse, 3, 0.25)]
    public void The_gradient_is_scaled_by_one_over_one_plus_its_age(StalenessCorrection correction, int age, double scale)
    {
        var step = new UpdateRule(Spec(correction)).At(Order(version: 9, baseVersion: 8 - age));
        Assert.Equal(scale, step.GradientScale);
    }

    [Fact]
    public void The_base_weights_of_the_bound_are_kept_and_no_more()
    {
        var bases = new BaseWeights(Spec(StalenessCorrection.DelayCompensation, bound: 2, encoders: 3));
        for (var version = 0; version <= 10; version++) bases.Add(version, new[] { (byte)version });

        Assert.Equal(6, bases.Window);
        Assert.Equal([4, 5, 6, 7, 8, 9, 10], bases.Kept.Select(kept => kept.Key));
        Assert.Equal(7, bases.For(Order(11, 7))!.BaseWeights.Span[0]);
        // Older than any that the bound allows: part of the way.
        Assert.Equal(4, bases.For(Order(11, 1))!.BaseWeights.Span[0]);
    }

    [Fact]
    public void A_version_without_an_effect_and_a_run_in_lockstep_are_not_compensated()
    {
        var bases = new BaseWeights(Spec(StalenessCorrection.DelayCompensation));
        bases.Add(0, new byte[1]);
        Assert.Null(bases.For(new() { Version = 1, SamplesBefore = 0, Leases = [new(new(new(0, 0), 1), 4, Skipped: true, 0)] }));
        Assert.NotNull(bases.For(Order(1, 0)));

        var lockstep = Spec(StalenessCorrection.DelayCompensation);
        Assert.Null(new BaseWeights(lockstep with { Consistency = lockstep.Consistency with { Mode = ConsistencyMode.Lockstep } }).For(Order(1, 0)));
    }

    private static RunSpec Spec(StalenessCorrection correction, int bound = 2, int encoders = 3)
    {
        var spec = TestSpecs.Create(ConsistencyMode.Bounded, encoders: encoders, bound: bound);
        return spec with { Consistency = spec.Consistency with { Correction = correction } };
    }

    private static VersionOrder Order(long version, long baseVersion) => new()
    {
        Version = version,
        SamplesBefore = 0,
        Leases = [new(new(new(0, 0), 1), 4, Skipped: false, baseVersion)],
    };
}
