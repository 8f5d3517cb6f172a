using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using OrleansContrastive.Data.Datasets;
using OrleansContrastive.Learning.Devices;
using TorchSharp;

namespace OrleansContrastive.Cli.Commands;

/// <summary><c>contrastive doctor</c>: what this machine has, how fast it multiplies, and what is missing.</summary>
internal static class DoctorCommand
{
    // A reference BLAS reaches 5; any that is worth having reaches 50 on one core.
    private const double LeastGigaflops = 20;
    private const int Side = 512;

    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var command = new Command("doctor", "What this machine has and lacks.");
        command.SetAction(_ => Examine());
        return command;
    }

    private static int Examine()
    {
        var facts = DeviceFacts.Of(torch.CPU);
        var rate = Gigaflops();
        var healthy = rate >= LeastGigaflops;
        Line("stack", StackOf());
        Line("runtime", $".NET {Environment.Version}");
        Line("processor", $"{facts.Processor}, {facts.LogicalProcessors} logical processors");
        Line("features", string.Join(", ", facts.InstructionSets) + (facts.InstructionSets.Contains("bf16") ? "" : " (no bfloat16 in hardware)"));
        Line("libtorch", $"{facts.TorchVersion}, {facts.Threads} threads");
        Line("precision", $"auto gives {facts.AutomaticPrecision.ToString().ToLowerInvariant()}");
        Line("BLAS", string.Create(CultureInfo.InvariantCulture, $"{rate:F0} GFLOP/s on a {Side}-cubed product")
            + (healthy ? "" : $" - MISSING: an optimised BLAS (expected at least {LeastGigaflops}); install libopenblas0-pthread, or run ./run setup"));
        Line("accelerator", torch.cuda.is_available() ? $"CUDA, {torch.cuda.device_count()} devices" : "none");
        var present = DatasetCatalog.Describe().Where(dataset => dataset.Folder is not null && dataset.IsPresent).Select(dataset => dataset.Name).ToList();
        Line("data sets", $"{(present.Count == 0 ? "none" : string.Join(", ", present))} in {DatasetCache.Root}");
        if (!present.Contains("fashion-mnist")) Line("", "MISSING for the demo: contrastive datasets fetch fashion-mnist");
        return healthy ? ExitCodes.Done : ExitCodes.Failed;
    }

    private static void Line(string name, string value) => Console.WriteLine($"{name,-12} {value}");

    private static string StackOf() => string.Join(", ", Assembly.GetExecutingAssembly().GetCustomAttributes<AssemblyMetadataAttribute>()
        .Where(attribute => attribute.Key.EndsWith("Stack", StringComparison.Ordinal))
        .Select(attribute => $"{attribute.Key[..^"Stack".Length].ToLowerInvariant()} {attribute.Value}"));

    private static double Gigaflops()
    {
        using var scope = torch.NewDisposeScope();
        using var noGrad = torch.no_grad();
        var (a, b) = (torch.ones(Side, Side), torch.ones(Side, Side));
        a.matmul(b);
        var (best, clock) = (double.MaxValue, new Stopwatch());
        for (var i = 0; i < 10; i++)
        {
            clock.Restart();
            a.matmul(b);
            best = Math.Min(best, clock.Elapsed.TotalSeconds);
        }

        return 2.0 * Side * Side * Side / best / 1e9;
    }
}
