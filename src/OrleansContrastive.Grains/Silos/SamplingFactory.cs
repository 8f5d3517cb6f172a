using OrleansContrastive.Contracts.Runs;
using OrleansContrastive.Learning.Negatives.Sampling;

namespace OrleansContrastive.Grains.Silos;

/// <summary>Makes the strategy that a spec names.</summary>
internal static class SamplingFactory
{
    /// <summary>The strategy; encoders and shards make the same.</summary>
    /// <param name="spec">What the run says.</param>
    /// <param name="logPartition">ln Z, for a shard's pass of noise-contrastive estimation.</param>
    public static INegativeSampling Create(SamplingSpec spec, double logPartition = double.NaN) => spec.Kind switch
    {
        SamplingKind.All => new AllRows(),
        SamplingKind.Uniform => new UniformRows(spec.Rows),
        SamplingKind.Recent => new RecentRows(spec.Rows),
        SamplingKind.Hardest => new HardestRows(spec.Rows),
        SamplingKind.Debiased => new ReweightedRows(0, spec.ClassPrior),
        SamplingKind.Reweighted => new ReweightedRows(spec.Beta, spec.ClassPrior),
        SamplingKind.Mixed => new MixedRows(spec.Rows, spec.MixedPairs, spec.MixedWithQuery, spec.MixAfterEpochs),
        SamplingKind.Noise => new NoiseContrast(spec.Rows, logPartition),
        SamplingKind.Synthetic => new SyntheticRows(spec.Rows, Mix(spec.Synthetic), spec.MixAfterEpochs),
        var other => throw new ArgumentException($"Strategy {other} of the run is not known to this silo."),
    };

    private static SyntheticMix Mix(SyntheticSpec spec) => new()
    {
        Interpolated = spec.Interpolated,
        Extrapolated = spec.Extrapolated,
        Mixed = spec.Mixed,
        Noisy = spec.Noisy,
        Gradient = spec.Gradient,
        Adversarial = spec.Adversarial,
        Noise = spec.Noise,
        Step = spec.Step,
        Sign = spec.Sign,
    };
}
