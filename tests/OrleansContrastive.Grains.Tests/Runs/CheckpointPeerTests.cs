using System.Diagnostics;
using System.Runtime.InteropServices;
using OrleansContrastive.Checkpoints.Manifests;
using OrleansContrastive.Checkpoints.Stores;
using OrleansContrastive.Checkpoints.Tensors;
using OrleansContrastive.Contracts.Runs;
using OrleansContrastive.Grains.Shards;
using OrleansContrastive.Grains.Silos;
using OrleansContrastive.Learning.Encoders;
using OrleansContrastive.Learning.Evaluation;
using OrleansContrastive.Tests.Shared;
using TorchSharp;

namespace OrleansContrastive.Grains.Tests.Runs;

/// <summary>A checkpoint of a run loads in PyTorch by its names alone and gives the same features (tests/Peers/checkpoint_features.py).</summary>
public sealed class CheckpointPeerTests
{
    private const int Views = 16;
    private const string Python = "/usr/bin/python3";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task PyTorch_finds_the_same_features_in_a_checkpoint()
    {
        if (!await HasTorchAsync()) Assert.Skip("There is no python3-torch with torchvision on this machine.");

        using var folder = new TemporaryFolder();
        var spec = SmallRuns.Lockstep(steps: 6) with { Topology = new() { ParameterShards = 2 } };
        await using (var run = await TestRun.OpenAsync(folder.Path, lanes: 1))
        {
            await run.Grain.StartAsync(spec, hold: false);
            await run.UntilAsync(status => status.Phase == RunPhase.Completed);
        }

        var views = Noise(Views * spec.Dataset.Channels * spec.Dataset.ImageSize * spec.Dataset.ImageSize);
        long[] shape = [Views, spec.Dataset.Channels, spec.Dataset.ImageSize, spec.Dataset.ImageSize];
        await using (var file = File.Create(folder["views.safetensors"]))
            await SafeTensors.WriteAsync(file, [new("views", TensorType.Float32, shape, MemoryMarshal.AsBytes<float>(views).ToArray())], null, Token);

        var manifests = new ManifestStore(new FolderStore(folder.Path), "run/checkpoints");
        var manifest = (await manifests.LatestAsync(Token))!;
        await RunPeerAsync(folder[$"run/checkpoints/{manifest.Version:D12}"], folder["views.safetensors"], folder["features.safetensors"]);

        var theirs = SafeTensors.Read(await File.ReadAllBytesAsync(folder["features.safetensors"], Token), "the peer's features");
        var ours = await FeaturesAsync(spec, manifests, manifest, views, shape);
        AssertClose(ours[0], theirs["encoder"]);
        AssertClose(ours[1], theirs["head"]);
    }

    private static async Task<float[][]> FeaturesAsync(RunSpec spec, ManifestStore manifests, Manifest manifest, float[] views, long[] shape)
    {
        using var model = ModelFactory.Create(spec, torch.CPU);
        foreach (var shard in model.Layout.Split(spec.Topology.ParameterShards))
        {
            var name = ParameterFiles.Name(shard.Shard, spec);
            var version = ParameterFiles.Restore(
                SafeTensors.Read(await manifests.ReadFileAsync(manifest, name, Token), name), shard, manifest.Version, torch.ScalarType.Float32);
            ModelExchange.LoadParameters(model, shard, version.Weights.Span);
            ModelExchange.LoadMoments(model, shard, version.Moments.Span);
        }

        model.eval();
        using var batch = torch.tensor(views, shape);
        return FeatureExtractor.Extract(model, batch, [FeatureKind.Encoder, FeatureKind.Head]);
    }

    private static void AssertClose(float[] ours, NamedTensor theirs)
    {
        var expected = MemoryMarshal.Cast<byte, float>(theirs.Data.Span).ToArray();
        Assert.Equal(expected.Length, ours.Length);
        var furthest = ours.Zip(expected, (a, b) => Math.Abs(a - b)).Max();
        Assert.True(furthest <= 1e-4, $"'{theirs.Name}': PyTorch's features differ by up to {furthest}.");
        // Rows of different views: equal ones would hide a network that ignores its input.
        var width = ours.Length / Views;
        Assert.True(ours[..width].Zip(ours[width..(2 * width)], (a, b) => Math.Abs(a - b)).Max() > 1e-3);
    }

    private static float[] Noise(int count)
    {
        var random = new Random(3);
        return [.. Enumerable.Range(0, count).Select(_ => (float)((random.NextDouble() * 4) - 2))];
    }

    private static async Task<bool> HasTorchAsync() => File.Exists(Python) && await RunAsync("-c", "import torch, torchvision") is (0, _);

    private static async Task RunPeerAsync(params string[] arguments)
    {
        var (exit, error) = await RunAsync([Path.Combine(Root(), "tests", "Peers", "checkpoint_features.py"), .. arguments]);
        Assert.True(exit == 0, error);
    }

    private static async Task<(int Exit, string Error)> RunAsync(params string[] arguments)
    {
        var start = new ProcessStartInfo(Python, arguments) { RedirectStandardError = true };
        using var process = Process.Start(start)!;
        var error = await process.StandardError.ReadToEndAsync(Token);
        await process.WaitForExitAsync(Token);
        return (process.ExitCode, error);
    }

    private static string Root()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "OrleansContrastive.sln"))) return folder.FullName;
        }

        throw new InvalidOperationException($"OrleansContrastive.sln lies in no folder above {AppContext.BaseDirectory}.");
    }
}
