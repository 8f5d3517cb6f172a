using System.Text.Json;
using OrleansContrastive.Checkpoints.Tensors;
using OrleansContrastive.Data.Datasets;
using OrleansContrastive.Data.Decoding;
using OrleansContrastive.Tests.Shared;

namespace OrleansContrastive.Cli.Tests.Exports;

/// <summary><c>export</c>, <c>embed</c>, <c>neighbors</c>, <c>plot</c> and <c>train --from</c> as their users start them, on one tiny run.</summary>
public sealed class ModelCommandTests
{
    private static readonly string[] Train =
    [
        "train", "--dataset", "synthetic", "--encoder", "resnet8-w8", "--batch", "16", "--lanes", "1", "--json",
        "--set", "split=train[:160]", "testSplit=test[:40]", "imageSize=16", "queueLength=100",
    ];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_trained_run_is_exported_embedded_drawn_and_started_from()
    {
        using var folder = new TemporaryFolder();
        var run = folder["run"];
        await DoneAsync([.. Train, "--epochs", "3", "--out", run]);

        // The features of all ways are the same numbers.
        await DoneAsync("embed", run, "--out", folder["f.safetensors"]);
        var embedded = SafeTensors.Read(await File.ReadAllBytesAsync(folder["f.safetensors"], Token), "features");
        Assert.Equal([40L, 32L], embedded["features"].Shape);
        Assert.Equal([40L], embedded["labels"].Shape);
        Assert.Equal("synthetic test", embedded.Metadata["images"]);
        await DoneAsync("embed", run, "--out", folder["f.npy"]);
        var npy = await File.ReadAllBytesAsync(folder["f.npy"], Token);
        Assert.Equal(embedded["features"].Data.ToArray(), npy[^embedded["features"].Data.Length..]);
        Assert.Equal(embedded["labels"].Data.ToArray(), (await File.ReadAllBytesAsync(folder["f.labels.npy"], Token))[^320..]);

        await DoneAsync("export", run, "--format", "torch", "--out", folder["m.pt"]);
        await DoneAsync("export", run, "--format", "safetensors", "--head", "--out", folder["m.safetensors"]);
        await DoneAsync("export", run, "--format", "onnx", "--out", folder["m.onnx"]);
        var exported = SafeTensors.Read(await File.ReadAllBytesAsync(folder["m.safetensors"], Token), "export");
        Assert.Contains(exported.Tensors, tensor => tensor.Name == "layer1.0.bn2.num_batches_tracked");
        Assert.Contains(exported.Tensors, tensor => tensor.Name == "head.2.bias");
        Assert.Equal("480", exported.Metadata["samples"]);

        var sheet = await DoneAsync("neighbors", run, "0", "7", "--k", "3", "--out", folder["n.png"], "--json");
        var (width, height) = SizeOf(await File.ReadAllBytesAsync(folder["n.png"], Token));
        Assert.True(width >= 546 && height == 376, $"The sheet has {width} x {height} pixels.");
        Assert.Contains("test 7: ", JsonDocument.Parse(sheet.Output).RootElement.GetProperty("files")[0].GetProperty("content").GetString(), StringComparison.Ordinal);
        // The sheet is itself an image file.
        await DoneAsync("neighbors", run, folder["n.png"], "--out", folder["n2.png"]);

        var plotted = await DoneAsync("plot", run, "--out", folder["p"], "--count", "30");
        Assert.Contains("30 points of its course, 3 verdicts", plotted.Output, StringComparison.Ordinal);
        Assert.Equal((2240, 1884), SizeOf(await File.ReadAllBytesAsync(folder["p.png"], Token)));
        Assert.Contains("</svg>", await File.ReadAllTextAsync(folder["p.svg"], Token), StringComparison.Ordinal);

        // A run of no learning to speak of, from the exported encoder, still has its features.
        var begun = await DoneAsync([.. Train, "learningRate=1e-30", "--epochs", "1", "--from", folder["m.safetensors"], "--out", folder["second"]]);
        Assert.Contains("passed over: head.0.bias, head.0.weight", begun.Error, StringComparison.Ordinal);
        await DoneAsync("export", folder["second"], "--out", folder["again.safetensors"]);
        var again = SafeTensors.Read(await File.ReadAllBytesAsync(folder["again.safetensors"], Token), "again");
        Assert.Equal(exported["layer3.0.conv2.weight"].Data.ToArray(), again["layer3.0.conv2.weight"].Data.ToArray());

        var refused = await Contrastive.RunAsync([.. Train.Select(word => word == "resnet8-w8" ? "resnet8-w16" : word), "--from", folder["m.pt"], "--out", folder["third"]]);
        Assert.Equal(2, refused.ExitCode);
        Assert.Contains("'conv1.weight'", refused.Error, StringComparison.Ordinal);
        Assert.Contains("[16, 3, 3, 3]", refused.Error, StringComparison.Ordinal);
        var twice = await Contrastive.RunAsync("export", run, "--format", "onnx", "--out", folder["m.onnx"]);
        Assert.Equal(2, twice.ExitCode);
        Assert.Contains("--force", twice.Error, StringComparison.Ordinal);
    }

    private static (int Width, int Height) SizeOf(byte[] png)
    {
        var read = new PixelBuffer();
        ImageDecoders.Default.Decode(png, read, DecodeOptions.Default);
        return (read.Width, read.Height);
    }

    private static async Task<Contrastive.Outcome> DoneAsync(params IEnumerable<string> arguments)
    {
        var outcome = await Contrastive.RunAsync(arguments);
        Assert.True(outcome.ExitCode == 0, $"'{string.Join(' ', arguments)}' ended with {outcome.ExitCode}: {outcome.Error}");
        return outcome;
    }
}
