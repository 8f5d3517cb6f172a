using OrleansContrastive.Contracts.Blocks;
using OrleansContrastive.Contracts.Runs;
using OrleansContrastive.Learning.Devices;
using OrleansContrastive.Learning.Encoders;
using OrleansContrastive.Learning.Heads;
using TorchSharp;

namespace OrleansContrastive.Grains.Silos;

/// <summary>Makes the network that a spec names. On an executor's thread only.</summary>
public static class ModelFactory
{
    /// <summary>The network with the weights that the seed gives: the start of every run of this spec.</summary>
    public static ContrastiveModel Create(RunSpec spec, torch.Device device) => new(
        EncoderSpec.Parse(spec.Model.Encoder, spec.Dataset.Channels, spec.Dataset.ImageSize),
        new HeadSpec(spec.Model.Head, spec.Model.HiddenWidth, spec.Model.EmbeddingWidth),
        new ModelOptions
        {
            Precision = PrecisionSelector.Parse(spec.Model.Precision, device),
            BatchNormSplits = spec.Model.BatchNormSplits,
            DecayNormsAndBiases = !spec.Optimizer.ExcludeNormAndBias,
            Device = device,
            Grid = MethodFactory.Plan(spec).Grid,
            Grey = MethodFactory.Plan(spec).Grey,
        },
        spec.Seed,
        MethodFactory.Plan(spec).Parts);

    /// <summary>What weights, gradients and rows are made of: masters are fp32 also where passes are bfloat16.</summary>
    public static ElementType MasterType(RunSpec spec) =>
        PrecisionSelector.Parse(spec.Model.Precision, torch.CPU) == Precision.Float64 ? ElementType.Float64 : ElementType.Float32;
}
