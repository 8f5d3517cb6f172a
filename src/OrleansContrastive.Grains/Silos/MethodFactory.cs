using OrleansContrastive.Contracts.Runs;
using OrleansContrastive.Learning.Encoders;
using OrleansContrastive.Learning.Methods.Frame;

namespace OrleansContrastive.Grains.Silos;

/// <summary>Makes the method that a spec names.</summary>
public static class MethodFactory
{
    /// <summary>The method with the spec's constants. It belongs to one thread.</summary>
    /// <exception cref="ArgumentException">This process does not know the method, or one of its options.</exception>
    public static IContrastiveMethod Create(RunSpec spec) => MethodRegistry.Shared.Find(spec.Method).Create(
        new()
        {
            QueueLength = spec.Contrast.QueueLength,
            Temperature = spec.Contrast.Temperature,
            KeyMomentum = spec.Contrast.KeyMomentum,
            Symmetric = spec.Contrast.Symmetric,
            ShuffleKeys = spec.Contrast.ShuffleKeys,
            MaskOwnSamples = spec.Contrast.MaskOwnSample,
            Sampling = SamplingFactory.Create(spec.Contrast.Sampling),
            ImageSize = spec.Dataset.ImageSize,
            Channels = spec.Dataset.Channels,
            Epochs = spec.Epochs,
        },
        spec.MethodOptions);

    /// <summary>Throws where a run of a spec could not make a step.</summary>
    /// <exception cref="ArgumentException">This process does not know the method or the encoder, an option is out of range, or the method cannot learn with the encoder.</exception>
    public static void Check(RunSpec spec) =>
        Plan(spec).CheckEncoder(spec.Method, EncoderSpec.Parse(spec.Model.Encoder, spec.Dataset.Channels, spec.Dataset.ImageSize));

    /// <summary>What the method of a spec asks for.</summary>
    public static MethodPlan Plan(RunSpec spec) => Create(spec).Plan;
}
