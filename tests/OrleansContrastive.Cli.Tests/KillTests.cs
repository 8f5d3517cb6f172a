using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using OrleansContrastive.Checkpoints.Manifests;
using OrleansContrastive.Checkpoints.Stores;
using OrleansContrastive.Tests.Shared;

namespace OrleansContrastive.Cli.Tests;

/// <summary>SIGKILL in the middle of a run costs time and nothing else.</summary>
public sealed class KillTests
{
    [Fact]
    public async Task A_killed_and_resumed_run_ends_with_the_same_files()
    {
        using var whole = new TemporaryFolder();
        var finished = await Contrastive.RunAsync([.. Train(), "--out", whole.Path]);
        Assert.True(finished.ExitCode == 0, finished.Error);

        var seed = Environment.TickCount;
        var random = new Random(seed);
        using var broken = new TemporaryFolder();
        string[] go = [.. Train(), "--out", broken.Path];
        for (var kill = 0; kill < 2; kill++)
        {
            using var process = Contrastive.Start(go);
            var token = TestContext.Current.CancellationToken;
            var silence = Task.WhenAll(process.StandardOutput.ReadToEndAsync(token), process.StandardError.ReadToEndAsync(token));
            await UntilCheckpointAsync(broken.Path, atLeast: 4 + (kill * 24) + random.Next(20));
            process.Kill();
            await process.WaitForExitAsync(token);
            await silence;
            go = ["resume", broken.Path, "--lanes", "2", "--json"];
        }

        var resumed = await Contrastive.RunAsync(go);
        Assert.True(resumed.ExitCode == 0, $"seed {seed}: {resumed.Error}");

        var (expected, found) = (await LatestAsync(whole.Path), await LatestAsync(broken.Path));
        Assert.Equal((80, expected.Version), (found.Version, found.Version));
        Assert.Equal(expected.Cursor, found.Cursor);
        Assert.Equal(expected.SamplesApplied, found.SamplesApplied);
        // Weights, key weights, velocity, moments, queue and its pointer: the files are the same, byte for byte.
        Assert.Equal(Hashes(expected), Hashes(found));
        var judged = await Contrastive.RunAsync("eval", "knn", broken.Path, "--json");
        Assert.True(judged.ExitCode == 0, judged.Error);
        Assert.Equal(expected.Version, (await LatestAsync(broken.Path)).Version);
        using var again = JsonDocument.Parse(judged.Output.Trim());
        using var result = JsonDocument.Parse(resumed.Output.Trim());
        Assert.Equal(result.RootElement.GetProperty("knnTop1").GetDouble(), again.RootElement.GetProperty("knnTop1").GetDouble());
        Assert.Equal("moco-v2", result.RootElement.GetProperty("method").GetString());
        Assert.InRange(result.RootElement.GetProperty("knnTop1").GetDouble(), 0.2, 1);
    }

    [Fact]
    public async Task Ctrl_C_writes_a_checkpoint_and_says_how_to_go_on()
    {
        var token = TestContext.Current.CancellationToken;
        using var folder = new TemporaryFolder();
        // Whenever the signal comes, there is much to do.
        using var process = Contrastive.Start([.. Train(epochs: 200), "--out", folder.Path]);
        var (output, words) = (process.StandardOutput.ReadToEndAsync(token), process.StandardError.ReadToEndAsync(token));
        await UntilCheckpointAsync(folder.Path, atLeast: 4);
        using (var interrupt = Process.Start("kill", ["-INT", process.Id.ToString(CultureInfo.InvariantCulture)])) await interrupt.WaitForExitAsync(token);
        await process.WaitForExitAsync(token);

        Assert.Equal(130, process.ExitCode);
        Assert.Contains($"contrastive resume {folder.Path}", await words, StringComparison.Ordinal);
        Assert.Equal("", await output);
        Assert.InRange((await LatestAsync(folder.Path)).Version, 4, 7_999);
    }

    private static string[] Train(int epochs = 2) =>
    [
        "train", "--dataset", "synthetic", "--encoder", "resnet8-w8", "--epochs", $"{epochs}", "--batch", "16", "--lanes", "2", "--json",
        "--set", "split=train[:640]", "testSplit=test[:100]", "imageSize=16", "checkpointEpochs=0.1", "queueLength=100", "evaluateEpochs=0",
    ];

    private static IEnumerable<string> Hashes(Manifest manifest) => manifest.Files.Select(file => $"{file.Name} {file.Sha256}").Order(StringComparer.Ordinal);

    private static async Task<Manifest> LatestAsync(string folder) =>
        await new ManifestStore(new FolderStore(folder), $"{RunSession.RunId}/checkpoints").LatestAsync(TestContext.Current.CancellationToken)
        ?? throw new InvalidOperationException($"There is no checkpoint in {folder}.");

    private static async Task UntilCheckpointAsync(string folder, long atLeast)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        var manifests = new ManifestStore(new FolderStore(folder), $"{RunSession.RunId}/checkpoints");
        while ((await manifests.VersionsAsync(patience.Token)).LastOrDefault() < atLeast) await Task.Delay(5, patience.Token);
    }
}
