using OrleansContrastive.Contracts.Leases;
using OrleansContrastive.Contracts.Runs;
using OrleansContrastive.Learning.Optimizers;
using OrleansContrastive.Learning.Schedules;

namespace OrleansContrastive.Grains.Shards;

/// <summary>The coefficients of each version of a run. They follow from the spec and the commit order alone.</summary>
internal sealed class UpdateRule
{
    private readonly RunSpec _spec;
    private readonly ISchedule _learningRate;
    private readonly ReferenceBatch _reference;

    public UpdateRule(RunSpec spec)
    {
        _spec = spec;
        _reference = new(spec.Batch);
        _learningRate = Schedule(spec);
    }

    /// <summary>The step of a version that applies at least one sample.</summary>
    public SgdStep At(VersionOrder order) => new(
        _reference.LearningRate(_learningRate.At(order.SamplesBefore), order.Samples),
        _spec.Optimizer.Momentum,
        _spec.Optimizer.WeightDecay,
        _spec.Optimizer.Nesterov,
        _reference.KeyMomentum(_spec.Contrast.KeyMomentum, order.Samples),
        _spec.Consistency.Correction == StalenessCorrection.Inverse ? Scale(order) : 1);

    private static double Scale(VersionOrder order) =>
        1.0 / (1 + order.Leases.Where(lease => !lease.Skipped).Select(order.StalenessOf).DefaultIfEmpty().Max());

    private static ISchedule Schedule(RunSpec spec)
    {
        var perEpoch = (long)spec.LeasesPerEpoch * spec.LeaseSize;
        var warmUp = (long)(spec.Optimizer.WarmUpEpochs * perEpoch);
        ISchedule schedule = spec.Optimizer.Schedule switch
        {
            "constant" => new ConstantSchedule(spec.Optimizer.LearningRate),
            "cosine" => new CosineSchedule(spec.Optimizer.LearningRate, 0, spec.TotalSamples, warmUp),
            "step" => new StepSchedule(spec.Optimizer.LearningRate, 0.1, [.. spec.Optimizer.StepEpochs.Select(epoch => (long)(epoch * perEpoch))]),
            var other => throw new ArgumentException($"Schedule '{other}' of the run is not known; expected cosine, step or constant."),
        };
        return warmUp > 0 ? new WarmUpSchedule(schedule, warmUp) : schedule;
    }
}
