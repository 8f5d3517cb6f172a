using OrleansContrastive.Benchmarks.Rows;

namespace OrleansContrastive.Benchmarks;

/// <summary>The budgets of docs/architecture.md that can be measured, each as one contest.</summary>
internal static class Catalog
{
    // Both sides of the training rows: 40 steps of 256 images.
    private const int Batch = 256;
    private const int Steps = 40;

    // What the real Orleans reached on a machine of two cores, from a client and from grain to grain of two silos.
    private const double RealClientCalls = 120_000;
    private const double RealSiloCalls = 20_000;

    public static IReadOnlyList<Contest> All(int rounds) =>
    [
        new("train-vs-plain", "images/s", Better.Higher, 3.0, rounds,
            () => new TrainRow(Steps * Batch, Batch), () => PyTorch("plain")),
        new("train-vs-tuned", "images/s", Better.Higher, 1.8, rounds,
            () => new TrainRow(Steps * Batch, Batch), () => PyTorch("tuned")),
        new("train-vs-step-only", "images/s", Better.Higher, 0.92, rounds,
            () => new TrainRow(Steps * Batch, Batch), () => new StepOnlyRow(Batch, Steps)),
        new("augment-32", "views/s/core", Better.Higher, 40, rounds,
            () => new AugmentationRow("moco-v2-cifar", 32, 32, views: 20_000),
            () => new PythonPeer("augment_torchvision.py", "--case 32", "viewsPerCpuSecond")),
        new("augment-224", "views/s/core", Better.Higher, 10, rounds,
            () => new AugmentationRow("moco-v2", 500, 375, views: 300),
            () => new PythonPeer("augment_torchvision.py", "--case 224", "viewsPerCpuSecond")),
        new("resnet18-step", "cpu s/step", Better.Lower, 1.0, rounds,
            () => new ResNetStepRow(batch: 32),
            () => new PythonPeer("resnet18_step.py", "--batch 32 --threads 1", "cpuSecondsPerStep")),
        new("moco-passes", "images/s", Better.Higher, 1.0, rounds,
            () => new StepOnlyRow(Batch, steps: 10), () => PyTorch("tuned", "--step-only", steps: 10)),
        new("optimizer-pass", "GB/s", Better.Higher, 0.6, rounds,
            () => new OptimizerRow(8_000_000), () => new TriadRow(8_000_000)),
        new("contrast-1m", "s", Better.Lower, 1.2, rounds,
            () => new ContrastRow(1_000_000), () => new PythonPeer("contrast_shard.py", "", "seconds")),
        new("blocks-between-silos", "GB/s", Better.Higher, 0.45, rounds,
            () => new SiloBlocksRow([1 << 20, 2 << 20, 4 << 20], inFlight: 4), () => new IperfPeer(seconds: 3)),
        new("small-calls", "calls/s", Better.Higher, 0.8, rounds,
            () => new ClientCallsRow(inFlight: 64), () => new PublishedFigure(RealClientCalls)),
        new("small-calls-one-by-one", "calls/s", Better.Higher, 0.8, rounds,
            () => new SiloCallsRow(), () => new PublishedFigure(RealSiloCalls)),
    ];

    private static PythonPeer PyTorch(string mode, string more = "", int steps = Steps) => new(
        "moco_pytorch.py",
        $"--json --mode {mode} --steps {steps} --batch {Batch} --data \"{TrainRow.Data}\" {more}",
        "imagesPerSecond",
        serve: false);
}
