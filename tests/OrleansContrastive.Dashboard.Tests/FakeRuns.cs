using OrleansContrastive.Contracts;
using OrleansContrastive.Contracts.Evaluation;
using OrleansContrastive.Contracts.Runs;
using OrleansContrastive.Contracts.Workers;
using OrleansContrastive.Dashboard.Monitoring;

namespace OrleansContrastive.Dashboard.Tests;

/// <summary>A cluster with one run whose status a test writes.</summary>
internal sealed class FakeRuns : IRunReader
{
    public static RunSpec Spec { get; } = new()
    {
        Method = "moco-v2",
        Dataset = new() { Name = "fashion-mnist", Fingerprint = "f", Count = 6400, Channels = 1, ImageSize = 28 },
        Model = new() { Encoder = "resnet8-w16", Head = "mlp", Precision = "float32" },
        Augmentations = ["{}", "{}"],
        Contrast = new() { Temperature = 0.1, QueueLength = 4096, KeyMomentum = 0.99 },
        Optimizer = new() { LearningRate = 0.12 },
        Consistency = new() { Mode = ConsistencyMode.Unbounded },
        Topology = new() { Encoders = 2, ParameterShards = 2, Replicas = 2 },
        Epochs = 2,
        Batch = 64,
        LeaseSize = 64,
        Seed = 1,
    };

    public RunStatus Status { get; set; } = At(RunPhase.Running, 0);

    public RunView? View { get; set; } = new()
    {
        History = 0,
        Spec = Spec,
        Number = 1,
        ParameterShards = [GrainKeys.ParameterServer("blue", 0, "store-a"), GrainKeys.ParameterServer("blue", 1, "store-b")],
        ParameterFollowers = [[GrainKeys.ParameterServer("blue", 0, "store-b")], []],
        NegativeShards = [GrainKeys.NegativeStore("blue", 0, "store-a")],
        Encoders = [GrainKeys.Encoder("blue", "gpu-1", 0), GrainKeys.Encoder("blue", "gpu-1", 1)],
        MomentumEncoders = [GrainKeys.MomentumEncoder("blue", "gpu-1", 0)],
        Augmentations = [GrainKeys.Augmentation("blue", "cpu-1", 0)],
        Evaluation = GrainKeys.Evaluation("blue", "gpu-1"),
    };

    public Exception? Fault { get; set; }

    public static RunStatus At(RunPhase phase, long version, double loss = 5) => new()
    {
        Run = "blue",
        Phase = phase,
        Spec = Spec,
        Version = version,
        LeasesDone = version,
        SamplesApplied = version * 64,
        Loss = loss,
        ChanceLevel = 8.3,
        Accuracy = 0.5,
        ImagesPerSecond = 700,
        Seconds = version / 10.0,
        Encoders = 2,
        Members = "5/6",
    };

    public Task<IReadOnlyList<string>> ListAsync(CancellationToken cancellationToken) => Task.FromResult<IReadOnlyList<string>>(["blue"]);

    public Task<(RunStatus Status, RunView? View)> ReadAsync(string run) =>
        Fault is null ? Task.FromResult((Status, View)) : Task.FromException<(RunStatus, RunView?)>(Fault);

    public Task<KnnReport> JudgeAsync(RunView view) => Task.FromResult(new KnnReport
    {
        Version = Status.Version,
        Train = 10,
        Test = 5,
        Results = [new(KnnFeatures.Encoder, new(200, 0.1), 0.81, 0.97), new(KnnFeatures.Encoder, new(20, 0.07), 0.82, 0.96)],
        Seconds = 1,
    });
}
