using OrleansContrastive.Contracts.Leases;
using OrleansContrastive.Contracts.Runs;
using OrleansContrastive.Grains.Shards;
using OrleansContrastive.Grains.Tests.Protocol;

namespace OrleansContrastive.Grains.Tests.Shards;

/// <summary>The coefficients of a version, by hand.</summary>
public sealed class UpdateRuleTests
{
    [Theory]
    [InlineData(0.0, 0.02, 0.04, 0.99)]
    [InlineData(0.05, 0.11, 0.042216, 0.990062)]
    [InlineData(0.1, 0.2, 0.048810, 0.990245)]
    [InlineData(0.55, 0.101, 0.248159, 0.995782)]
    [InlineData(1.0, 0.002, 0.4, 1.0)]
    public void All_schedules_are_driven_by_the_samples_applied(double progress, double rate, double decay, double keyMomentum)
    {
        var spec = Spec();
        var step = new UpdateRule(spec).At(Order(spec, progress, spec.Batch));
        Assert.Equal(rate, step.LearningRate, 1e-12);
        Assert.Equal(decay, step.WeightDecay, 1e-6);
        Assert.Equal(keyMomentum, step.KeyMomentum, 1e-6);
        Assert.Equal(0.2, step.FixedRate);
    }

    // e − (e − m)(cos πx + 1)/2 with m 0.99 and e 0.999, by hand.
    [Theory]
    [InlineData(0.0, 0.99)]
    [InlineData(0.25, 0.991318)]
    [InlineData(0.5, 0.9945)]
    [InlineData(1.0, 0.999)]
    public void The_key_momentum_rises_to_the_end_that_is_asked_for(double progress, double expected)
    {
        var spec = Spec();
        var step = new UpdateRule(spec with { Contrast = spec.Contrast with { KeyMomentumEnd = 0.999 } }).At(Order(spec, progress, spec.Batch));
        Assert.Equal(expected, step.KeyMomentum, 1e-6);
    }

    [Fact]
    public void An_update_of_half_a_batch_takes_half_of_every_rate()
    {
        var spec = Spec();
        var step = new UpdateRule(spec).At(Order(spec, 0.55, spec.Batch / 2));
        Assert.Equal(0.0505, step.LearningRate, 1e-12);
        Assert.Equal(0.1, step.FixedRate!.Value, 1e-12);
        // In samples, the moving average forgets as fast as before.
        Assert.Equal(0.995782, step.KeyMomentum * step.KeyMomentum, 1e-6);
    }

    [Fact]
    public void Names_that_are_not_known_are_refused()
    {
        var spec = Spec();
        Assert.Contains("'adam'", Assert.Throws<ArgumentException>(() => new UpdateRule(spec with { Optimizer = spec.Optimizer with { Kind = "adam" } })).Message);
        Assert.Contains(
            "'linear' of the key momentum",
            Assert.Throws<ArgumentException>(() => new UpdateRule(spec with { Contrast = spec.Contrast with { KeyMomentumSchedule = "linear" } })).Message);
    }

    // Warm-up over the first tenth from 0.02 to 0.2, then a cosine to 0.002; decay 0.04 to 0.4 and m 0.99 to 1 over all of it.
    private static RunSpec Spec()
    {
        var spec = TestSpecs.Create(ConsistencyMode.Bounded) with { Epochs = 10 };
        return spec with
        {
            Optimizer = spec.Optimizer with
            {
                LearningRate = 0.2,
                WarmUpEpochs = 1,
                WarmUpStart = 0.02,
                FinalLearningRate = 0.002,
                WeightDecay = 0.04,
                WeightDecayEnd = 0.4,
            },
            Contrast = spec.Contrast with { KeyMomentum = 0.99, KeyMomentumSchedule = "cosine" },
        };
    }

    private static VersionOrder Order(RunSpec spec, double progress, int samples) => new()
    {
        Version = 1,
        SamplesBefore = (long)Math.Round(progress * spec.TotalSamples),
        Leases = [new(new(new(0, 0), 1), samples, Skipped: false, 0)],
    };
}
