using OrleansContrastive.Learning.Schedules;

namespace OrleansContrastive.Learning.Tests.Schedules;

public sealed class ScheduleTests
{
    [Theory]
    [InlineData(0, 0.12)]
    [InlineData(250, 0.1024264068711929)]
    [InlineData(500, 0.06)]
    [InlineData(1000, 0)]
    [InlineData(5000, 0)]
    public void Cosine_falls_to_zero(long samples, double expected) =>
        Assert.Equal(expected, new CosineSchedule(0.12, 0, 1000).At(samples), 1e-15);

    [Fact]
    public void Cosine_per_epoch_stays_within_an_epoch()
    {
        // MoCo: lr·½(1 + cos(π·epoch/epochs)).
        var schedule = new CosineSchedule(0.06, 0, end: 400, samplesPerEpoch: 100);
        Assert.Equal(schedule.At(100), schedule.At(199));
        Assert.Equal(0.06 * 0.5 * (1 + Math.Cos(Math.PI / 4)), schedule.At(150), 1e-15);
        Assert.Equal(0.06, schedule.At(99));
    }

    [Fact]
    public void Cosine_raises_a_moving_average_to_one()
    {
        // BYOL: 1 − (1 − m₀)(cos(πt/T) + 1)/2.
        var schedule = new CosineSchedule(0.996, 1, 1000);
        Assert.Equal(0.996, schedule.At(0));
        Assert.Equal(1 - 0.004 * (Math.Cos(Math.PI * 0.3) + 1) / 2, schedule.At(300), 1e-15);
        Assert.Equal(1, schedule.At(1000));
    }

    [Theory]
    [InlineData(0, 0.03)]
    [InlineData(119, 0.03)]
    [InlineData(120, 0.003)]
    [InlineData(160, 0.0003)]
    [InlineData(1000, 0.0003)]
    public void Steps_multiply_at_their_milestones(long samples, double expected) =>
        Assert.Equal(expected, new StepSchedule(0.03, 0.1, 120, 160).At(samples), 1e-12);

    [Fact]
    public void Warm_up_is_a_line_that_meets_its_successor()
    {
        // lr₀ + (lr − lr₀)·t/W, then the cosine over the rest.
        var schedule = new WarmUpSchedule(new CosineSchedule(0.3, 0, end: 1100, begin: 100), samples: 100, start: 3e-5);
        Assert.Equal(3e-5, schedule.At(0));
        Assert.Equal(3e-5 + (0.3 - 3e-5) * 0.25, schedule.At(25), 1e-15);
        Assert.Equal(0.3, schedule.At(100));
        Assert.Equal(0.15, schedule.At(600), 1e-15);
        Assert.Equal(0, schedule.At(1100));
    }

    [Fact]
    public void A_warm_up_of_no_samples_is_none() =>
        Assert.Equal(0.5, new WarmUpSchedule(new ConstantSchedule(0.5), 0).At(0));

    [Fact]
    public void Updates_of_any_batch_amount_to_the_same_at_equal_samples()
    {
        var reference = new ReferenceBatch(256);
        Assert.Equal(0.03, reference.LearningRate(0.03, 256));
        Assert.Equal(0.06, reference.LearningRate(0.03, 512));
        Assert.Equal(0.999, reference.KeyMomentum(0.999, 256));
        Assert.Equal(0.999, Math.Pow(reference.KeyMomentum(0.999, 64), 4), 1e-15);
    }

    [Fact]
    public void Impossible_schedules_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new CosineSchedule(1, 0, end: 10, begin: 10));
        Assert.Contains("Milestone 1 is at 5", Assert.Throws<ArgumentException>(() => new StepSchedule(1, 0.1, 10, 5)).Message);
    }
}
