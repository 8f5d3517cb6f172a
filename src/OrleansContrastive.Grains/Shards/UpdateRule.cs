using OrleansContrastive.Contracts.Leases;
using OrleansContrastive.Contracts.Runs;
using OrleansContrastive.Learning.Encoders;
using OrleansContrastive.Learning.Optimizers;
using OrleansContrastive.Learning.Schedules;

namespace OrleansContrastive.Grains.Shards;

/// <summary>The optimizer of a run and the coefficients of each version. They follow from the spec and the commit order alone.</summary>
internal sealed class UpdateRule
{
    private readonly RunSpec _spec;
    private readonly ISchedule _learningRate;
    private readonly ISchedule _weightDecay;
    private readonly ISchedule _keyMomentum;
    private readonly ReferenceBatch _reference;

    public UpdateRule(RunSpec spec)
    {
        _spec = spec;
        _reference = new(spec.Batch);
        Optimizer = OptimizerOf(spec);
        _learningRate = LearningRate(spec);
        _weightDecay = spec.Optimizer.WeightDecayEnd is { } end
            ? new CosineSchedule(spec.Optimizer.WeightDecay, end, spec.TotalSamples)
            : new ConstantSchedule(spec.Optimizer.WeightDecay);
        _keyMomentum = KeyMomentum(spec);
    }

    /// <summary>Who takes the steps.</summary>
    public Optimizer Optimizer { get; }

    /// <summary>The optimizer that a spec names.</summary>
    /// <exception cref="ArgumentException">The name is unknown, or a constant out of range.</exception>
    public static Optimizer OptimizerOf(RunSpec spec) => Optimizer.Create(spec.Optimizer.Kind, new()
    {
        Beta1 = spec.Optimizer.Beta1,
        Beta2 = spec.Optimizer.Beta2,
        Epsilon = spec.Optimizer.Epsilon,
        TrustCoefficient = spec.Optimizer.TrustCoefficient,
        ClipsTrust = spec.Optimizer.TrustClip,
        GradientClip = spec.Optimizer.GradientClip,
    });

    /// <summary>What is updated alike in a shard.</summary>
    public ParameterRun[] Runs(ShardLayout layout) => ParameterRun.Of(layout, Optimizer, _spec.Optimizer.FixedRateParts);

    /// <summary>The step of a version that applies at least one sample.</summary>
    public SgdStep At(VersionOrder order) => new(
        _reference.LearningRate(_learningRate.At(order.SamplesBefore), order.Samples),
        _spec.Optimizer.Momentum,
        _weightDecay.At(order.SamplesBefore),
        _spec.Optimizer.Nesterov,
        _reference.KeyMomentum(_keyMomentum.At(order.SamplesBefore), order.Samples),
        _spec.Consistency.Correction == StalenessCorrection.Inverse ? Scale(order) : 1,
        _reference.LearningRate(_spec.Optimizer.LearningRate, order.Samples));

    private static double Scale(VersionOrder order) =>
        1.0 / (1 + order.Leases.Where(lease => !lease.Skipped).Select(order.StalenessOf).DefaultIfEmpty().Max());

    private static ISchedule LearningRate(RunSpec spec)
    {
        var optimizer = spec.Optimizer;
        var perEpoch = (long)spec.LeasesPerEpoch * spec.LeaseSize;
        var warmUp = (long)(optimizer.WarmUpEpochs * perEpoch);
        ISchedule schedule = optimizer.Schedule switch
        {
            "constant" => new ConstantSchedule(optimizer.LearningRate),
            "cosine" => new CosineSchedule(optimizer.LearningRate, optimizer.FinalLearningRate, spec.TotalSamples, warmUp),
            "step" => new StepSchedule(optimizer.LearningRate, 0.1, [.. optimizer.StepEpochs.Select(epoch => (long)(epoch * perEpoch))]),
            var other => throw new ArgumentException($"Schedule '{other}' of the run is not known; expected cosine, step or constant."),
        };
        return warmUp > 0 ? new WarmUpSchedule(schedule, warmUp, optimizer.WarmUpStart) : schedule;
    }

    private static ISchedule KeyMomentum(RunSpec spec) => spec.Contrast.KeyMomentumSchedule switch
    {
        "constant" => new ConstantSchedule(spec.Contrast.KeyMomentum),
        "cosine" => new CosineSchedule(spec.Contrast.KeyMomentum, spec.Contrast.KeyMomentumEnd, spec.TotalSamples),
        var other => throw new ArgumentException($"Schedule '{other}' of the key momentum is not known; expected cosine or constant."),
    };
}
