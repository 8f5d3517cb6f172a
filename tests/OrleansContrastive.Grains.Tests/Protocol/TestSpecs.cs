using OrleansContrastive.Contracts.Runs;

namespace OrleansContrastive.Grains.Tests.Protocol;

/// <summary>Small specs for tests that need no image.</summary>
internal static class TestSpecs
{
    public static RunSpec Create(ConsistencyMode mode, int slots = 2, int encoders = 3, int leases = 12, int epochs = 2, int ahead = 1, int bound = 2) => new()
    {
        Method = "moco-v2",
        Dataset = new() { Name = "synthetic", Fingerprint = "none", Count = leases * 4, Channels = 1, ImageSize = 8 },
        Model = new() { Encoder = "resnet8-w8", Head = "mlp", Precision = "float32" },
        Augmentations = [],
        Contrast = new() { Temperature = 0.1, QueueLength = 64, KeyMomentum = 0.9 },
        Optimizer = new() { LearningRate = 0.1 },
        Consistency = new() { Mode = mode, Slots = mode == ConsistencyMode.Lockstep ? slots : 1, StalenessBound = bound },
        Topology = new() { Encoders = encoders, LeasesAhead = ahead },
        Epochs = epochs,
        Batch = 8,
        LeaseSize = 4,
        Seed = 1,
    };
}
