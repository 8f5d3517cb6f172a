using System.Diagnostics;
using System.Text.Json;
using OrleansContrastive.Cluster.Tests.Harness;

namespace OrleansContrastive.Cluster.Tests;

/// <summary>The runs of a cluster from the command line, as a user types it.</summary>
public sealed class RunCommandTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_run_is_started_seen_scaled_kept_stopped_and_gone_on_with()
    {
        await using var cluster = new TestCluster();
        await cluster.StartAsync(("node", "all"));
        string[] where = ["--store", cluster.StoreFolder, "--cluster", cluster.Cluster.Id];

        Assert.Contains("has no run yet", await SayAsync(["run", "list", .. where]), StringComparison.Ordinal);
        var started = await SayAsync(
            [
                "run", "start", .. where, "--run", "first", "--dataset", "synthetic", "--encoder", "resnet8-w8", "--epochs", "1000", "--batch", "8",
                "--set", "split=train[:160]", "testSplit=test[:100]", "imageSize=12", "queueLength=64", "consistency=unbounded", "checkpointEpochs=0",
            ]);
        Assert.Contains("Run first is with the cluster", started, StringComparison.Ordinal);
        await cluster.UntilAsync("a few leases", status => status.LeasesDone > 3, run: "first");

        Assert.Contains("first", await SayAsync(["run", "list", .. where]), StringComparison.Ordinal);
        Assert.Equal("running", await PhaseAsync(["run", "status", "first", .. where, "--json"]));
        using var scaled = JsonDocument.Parse(await SayAsync(["run", "scale", "first", .. where, "--encoders", "2", "--json"]));
        Assert.Equal("first", scaled.RootElement.GetProperty("run").GetString());
        Assert.StartsWith("Run first: 2 encoders from now on", await SayAsync(["run", "scale", "first", .. where, "--encoders", "2"]), StringComparison.Ordinal);
        await cluster.UntilAsync("the second encoder", status => status.Encoders == 2, run: "first");
        Assert.Contains("checkpoint first@", await SayAsync(["run", "checkpoint", "first", .. where]), StringComparison.Ordinal);
        using var judged = JsonDocument.Parse(await SayAsync(["run", "knn", "first", .. where, "--k", "1,5", "--temperature", "0.1", "--sharded", "--json"]));
        Assert.Equal((160, 100, 1), (judged.RootElement.GetProperty("train").GetInt32(), judged.RootElement.GetProperty("test").GetInt32(), judged.RootElement.GetProperty("galleries").GetInt32()));
        Assert.Equal([1, 5], judged.RootElement.GetProperty("results").EnumerateArray().Select(result => result.GetProperty("k").GetInt32()));
        Assert.Contains("100 test images among 50 training images on 1 silo,", await SayAsync(["run", "knn", "first", .. where, "--train", "50"]), StringComparison.Ordinal);
        Assert.Equal("stopped", await PhaseAsync(["run", "stop", "first", .. where, "--json"]));
        Assert.Contains("is with the cluster", await SayAsync(["run", "start", .. where, "--resume", "first"]), StringComparison.Ordinal);
        var before = await cluster.UntilAsync("it to go on", status => status.Phase == Contracts.Runs.RunPhase.Running, run: "first");
        await cluster.UntilAsync("more leases", status => status.LeasesDone > before.LeasesDone + 3, run: "first");

        var (exit, error) = await RunAsync(["run", "status", "frist", .. where]);
        Assert.Equal(2, exit.Code);
        Assert.Contains("did you mean \"first\"", error, StringComparison.Ordinal);
        (exit, error) = await RunAsync(["run", "scale", "first", .. where, "--encoders", "0"]);
        Assert.Equal(2, exit.Code);
        Assert.Contains("expected 1 or more", error, StringComparison.Ordinal);
        (exit, error) = await RunAsync(["run", "list", "--store", cluster.StoreFolder, "--cluster", "other"]);
        Assert.Equal(1, exit.Code);
        Assert.Contains("There is no cluster 'other'", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_does_not_know_the_clusters_secret_is_told_that_there_is_one()
    {
        const string Secret = "a long enough secret";
        await using var cluster = new TestCluster();
        await cluster.StartAsync("node", "all", "--Orleans:Network:SharedSecret", Secret);
        string[] list = ["run", "list", "--store", cluster.StoreFolder, "--cluster", cluster.Cluster.Id];

        var (exit, error) = await RunAsync(list);
        Assert.Equal(1, exit.Code);
        Assert.Contains("secret", error, StringComparison.Ordinal);
        (exit, error) = await RunAsync(list, ("Orleans__Network__SharedSecret", Secret));
        Assert.True(exit.Code == 0, error);
    }

    private static async Task<string?> PhaseAsync(string[] arguments)
    {
        using var status = JsonDocument.Parse(await SayAsync(arguments));
        return status.RootElement.GetProperty("phase").GetString();
    }

    private static async Task<string> SayAsync(string[] arguments)
    {
        var (exit, error) = await RunAsync(arguments);
        Assert.True(exit.Code == 0, $"contrastive {string.Join(' ', arguments)} ended with {exit.Code}: {error}");
        return exit.Output;
    }

    private static async Task<((int Code, string Output) Exit, string Error)> RunAsync(string[] arguments, params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "contrastive.dll"), .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in environment) start.Environment[name] = value;
        using var process = Process.Start(start)!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(Token), process.StandardError.ReadToEndAsync(Token));
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        try
        {
            await process.WaitForExitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            Assert.Fail($"contrastive {string.Join(' ', arguments)} did not end. It said: {await output} {await error}");
        }

        return ((process.ExitCode, await output), await error);
    }
}
