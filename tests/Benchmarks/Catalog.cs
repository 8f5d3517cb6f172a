using OrleansContrastive.Benchmarks.Rows;

namespace OrleansContrastive.Benchmarks;

/// <summary>The budgets of docs/architecture.md that can be measured, each as one contest.</summary>
internal static class Catalog
{
    public static IReadOnlyList<Contest> All(int rounds) =>
    [
        new("augment-32", "views/s/core", Better.Higher, 40, rounds,
            () => new AugmentationRow("moco-v2-cifar", 32, 32, views: 20_000),
            () => new PythonPeer("augment_torchvision.py", "--case 32", "viewsPerCpuSecond")),
        new("augment-224", "views/s/core", Better.Higher, 10, rounds,
            () => new AugmentationRow("moco-v2", 500, 375, views: 300),
            () => new PythonPeer("augment_torchvision.py", "--case 224", "viewsPerCpuSecond")),
        new("optimizer-pass", "GB/s", Better.Higher, 0.6, rounds,
            () => new OptimizerRow(8_000_000), () => new TriadRow(8_000_000)),
        new("contrast-1m", "s", Better.Lower, 1.2, rounds,
            () => new ContrastRow(1_000_000), () => new PythonPeer("contrast_shard.py", "", "seconds")),
    ];
}
