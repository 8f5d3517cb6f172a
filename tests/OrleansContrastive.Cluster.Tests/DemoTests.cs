using System.Diagnostics;
using System.Text.Json;
using OrleansContrastive.Checkpoints.Stores.Blobs;
using OrleansContrastive.Cluster.Tests.Harness;
using OrleansContrastive.Data.Datasets;
using OrleansContrastive.Tests.Shared;

namespace OrleansContrastive.Cluster.Tests;

/// <summary>The demonstration of the cluster as a user starts it, on few small images; half a minute each.</summary>
public sealed class DemoTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory(Explicit = true)]
    [InlineData("parameters")]
    [InlineData("encoder")]
    [InlineData("key")]
    [InlineData("negatives")]
    [InlineData("run")]
    [InlineData("first")]
    public Task Whoever_dies_half_way_costs_nothing_and_the_last_line_says_so(string victim) => PlayAsync(victim, "folder");

    [Fact(Explicit = true)]
    public Task All_of_it_works_over_the_storage_emulator()
    {
        var program = StorageEmulator.ProgramIn(DatasetCache.CacheRoot);
        if (!File.Exists(program)) Assert.Skip($"The emulator is not there: tests/azurite.sh puts it at {program}, where npm is.");
        return PlayAsync("run", "azurite", "--storage", "azurite");
    }

    private static async Task PlayAsync(string victim, string storage, params string[] more)
    {
        const int Samples = 800;
        using var folder = new TemporaryFolder();
        string[] arguments = [
            Path.Combine(AppContext.BaseDirectory, "contrastive.dll"), "cluster-demo", "--victim", victim, "--samples", $"{Samples}", "--no-single",
            "--dataset", "synthetic", "--encoder", "resnet8-w8", "--batch", "16", "--set", "testSplit=test[:100]", "imageSize=12", "augmentation=moco-v2-cifar", "queueLength=128",
            "--silo", Path.Combine(AppContext.BaseDirectory, "contrastive-silo.dll"), "--out", folder["demo"], .. more,
        ];
        var start = new ProcessStartInfo("dotnet", arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start)!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(Token), process.StandardError.ReadToEndAsync(Token));
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(4));
        try
        {
            await process.WaitForExitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail($"The demo did not end. It said: {await output} {await error}");
        }

        Assert.True(process.ExitCode == 0, $"The demo ended with {process.ExitCode}: {await output} {await error}");
        var line = (await output).TrimEnd().Split('\n')[^1];
        TestCluster.Say(line);
        using var json = JsonDocument.Parse(line);
        var result = json.RootElement;
        Assert.Equal((victim, storage), (result.GetProperty("victim").GetString(), result.GetProperty("storage").GetString()));
        foreach (var name in new[] { "updatesLost", "updatesRolledBack", "samplesCountedTwice", "samplesNeverCounted" })
            Assert.True(result.GetProperty(name).GetInt64() == 0, $"{name} is {result.GetProperty(name)}.");
        Assert.Equal(Samples, result.GetProperty("samples").GetInt64());
        Assert.InRange(result.GetProperty("secondsToProgress").GetDouble(), double.Epsilon, 10);
        Assert.InRange(result.GetProperty("knnTop1").GetDouble(), 0.05, 1);
        Assert.True(result.GetProperty("stalenessP99").GetInt64() >= result.GetProperty("stalenessP50").GetInt64());
        Assert.True(result.GetProperty("bytesPerLease").GetProperty("gradients").GetInt64() > 0);
    }
}
