using System.Diagnostics;
using System.Text.Json;
using OrleansContrastive.Data.Datasets;

namespace OrleansContrastive.Benchmarks.Rows;

/// <summary>Images per second of <c>contrastive train</c> in a process of its own, start-up of the run included.</summary>
internal sealed class TrainRow(int images, int batch) : IContestant
{
    // The command line is built beside this program, in the same configuration.
    private static readonly string Program = Path.GetFullPath(Path.Combine(
        AppContext.BaseDirectory, "..", "..", "OrleansContrastive.Cli", Path.GetFileName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory)),
        "contrastive"));

    /// <summary>Where the Fashion-MNIST files lie, for the peer too.</summary>
    public static string Data => DatasetCache.Folder("fashion-mnist");

    public async Task PrepareAsync(CancellationToken ct)
    {
        if (!File.Exists(Program))
            throw new MissingPartException($"{Program} is not there; ./run bench builds it.");
        if (!Directory.Exists(Data))
            await RunAsync("datasets fetch fashion-mnist", ct);
        await MeasureAsync(ct);
    }

    public async Task<double> MeasureAsync(CancellationToken ct)
    {
        var folder = Directory.CreateTempSubdirectory("contrastive-bench-");
        try
        {
            var line = await RunAsync(
                $"train --method moco-v2 --dataset fashion-mnist --preset fashion-mnist --epochs 1 --batch {batch} --json "
                + $"--set split=train[:{images}] --set testSplit=test[:500] --out \"{Path.Combine(folder.FullName, "run")}\"",
                ct);
            return JsonDocument.Parse(line).RootElement.GetProperty("imagesPerSecond").GetDouble();
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    /// <summary>Runs the command line; its last line of output.</summary>
    private static async Task<string> RunAsync(string arguments, CancellationToken ct)
    {
        using var process = Process.Start(new ProcessStartInfo(Program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var errors = process.StandardError.ReadToEndAsync(ct);
        var output = await process.StandardOutput.ReadToEndAsync(ct);
        await process.WaitForExitAsync(ct);
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"contrastive {arguments} ended with exit code {process.ExitCode}: {(await errors).Trim()}");
        return output.Trim().Split('\n')[^1];
    }
}
