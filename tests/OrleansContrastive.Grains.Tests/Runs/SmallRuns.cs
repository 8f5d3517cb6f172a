using System.Text.Json;
using OrleansContrastive.Contracts.Runs;
using OrleansContrastive.Data.Augmentation;
using OrleansContrastive.Data.Datasets;

namespace OrleansContrastive.Grains.Tests.Runs;

/// <summary>Specs of runs that take a second: a narrow ResNet-8 on small synthetic images.</summary>
internal static class SmallRuns
{
    private const int Side = 12;

    /// <summary>The synthetic set, opened once.</summary>
    public static IImageDataset Images { get; } = DatasetCatalog.Open(new() { Name = "synthetic" });

    /// <summary>A lockstep run of one encoder: <paramref name="steps"/> steps of <paramref name="batch"/> samples.</summary>
    public static RunSpec Lockstep(int steps, int batch = 8, string precision = "float32")
    {
        var recipe = AugmentationPresets.Get("moco-v2-cifar").ForChannels(Images.Channels) with { Size = Side };
        var json = JsonSerializer.Serialize(recipe);
        return new()
        {
            Method = "moco-v2",
            Dataset = new()
            {
                Name = "synthetic",
                Fingerprint = Images.Fingerprint,
                Count = steps * batch,
                Channels = Images.Channels,
                ImageSize = Side,
            },
            Model = new() { Encoder = "resnet8-w8", Head = "mlp", EmbeddingWidth = 16, Precision = precision },
            Augmentations = [json, json],
            Contrast = new() { Temperature = 0.1, QueueLength = 100, KeyMomentum = 0.9 },
            Optimizer = new() { LearningRate = 0.05, WeightDecay = 1e-4 },
            Consistency = new() { Mode = ConsistencyMode.Lockstep, Slots = 1 },
            Topology = new(),
            Epochs = 1,
            Batch = batch,
            LeaseSize = batch,
            Seed = 11,
        };
    }

    /// <summary>The same steps, each cut into slots for so many encoders.</summary>
    public static RunSpec CutInto(this RunSpec spec, int slots) => spec with
    {
        LeaseSize = spec.Batch / slots,
        Consistency = spec.Consistency with { Slots = slots },
        Topology = spec.Topology with { Encoders = slots, KeyEncoders = slots },
    };
}
