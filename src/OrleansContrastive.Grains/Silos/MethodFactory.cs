using OrleansContrastive.Contracts.Runs;
using OrleansContrastive.Learning.Methods;

namespace OrleansContrastive.Grains.Silos;

/// <summary>Makes the method that a spec names.</summary>
internal static class MethodFactory
{
    /// <summary>Momentum contrast with the spec's constants; v1 and v2 differ in head, views and constants alone.</summary>
    public static MomentumContrast Create(RunSpec spec) => new(new MomentumContrastOptions
    {
        QueueLength = spec.Contrast.QueueLength,
        Temperature = spec.Contrast.Temperature,
        Momentum = spec.Contrast.KeyMomentum,
        Symmetric = spec.Contrast.Symmetric,
        SymmetricLoss = SymmetricLoss.Mean,
        ShuffleBatchNorm = spec.Contrast.ShuffleKeys,
        MaskOwnSamples = spec.Contrast.MaskOwnSample,
        Sampling = SamplingFactory.Create(spec.Contrast.Sampling),
    });
}
