using System.Text.Json;
using OrleansContrastive.Contracts.Runs;
using OrleansContrastive.Data.Augmentation;
using OrleansContrastive.Data.Datasets;

namespace OrleansContrastive.Cluster.Tests.Harness;

/// <summary>Runs that take seconds: a narrow ResNet-8 on small synthetic images, asynchronous.</summary>
internal static class SmallSpec
{
    private const int Side = 12;

    // Small epochs, so that a run passes many seams.
    private const int LeasesPerEpoch = 100;

    /// <summary>A run of so many leases, a multiple of 100.</summary>
    public static RunSpec Create(int leases, int leaseSize = 8, int encoders = 2, int replicas = 2, int checkpoints = 4)
    {
        using var images = DatasetCatalog.Open(new() { Name = "synthetic" });
        var recipe = JsonSerializer.Serialize(AugmentationPresets.Get("moco-v2-cifar").ForChannels(images.Channels) with { Size = Side });
        return new()
        {
            Method = "moco-v2",
            Dataset = new()
            {
                Name = "synthetic",
                Fingerprint = images.Fingerprint,
                Count = LeasesPerEpoch * leaseSize,
                Channels = images.Channels,
                ImageSize = Side,
            },
            Model = new() { Encoder = "resnet8-w8", Head = "mlp", EmbeddingWidth = 16, Precision = "float32" },
            Augmentations = [recipe, recipe],
            Contrast = new() { Temperature = 0.1, QueueLength = 128, KeyMomentum = 0.9 },
            Optimizer = new() { LearningRate = 0.02, WeightDecay = 1e-4 },
            Consistency = new() { Mode = ConsistencyMode.Unbounded, Slots = 1 },
            Topology = new() { Encoders = encoders, KeyEncoders = 1, Augmentations = 1, ParameterShards = 1, NegativeShards = 1, Replicas = replicas },
            Epochs = leases / LeasesPerEpoch,
            Batch = leaseSize,
            LeaseSize = leaseSize,
            Seed = 11,
            CheckpointEvery = checkpoints == 0 ? 0 : (long)leases * leaseSize / checkpoints,
        };
    }
}
