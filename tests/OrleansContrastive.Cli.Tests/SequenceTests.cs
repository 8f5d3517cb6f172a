using System.Text.Json;
using OrleansContrastive.Tests.Shared;

namespace OrleansContrastive.Cli.Tests;

/// <summary>Methods of sequences, from folders of frames and from signals to a verdict.</summary>
public sealed class SequenceTests
{
    private static readonly string[] Short = ["--epochs", "1", "--batch", "8", "--lanes", "1", "--json", "--set", "evaluateEpochs=0"];

    [Fact]
    public async Task Frame_order_learns_from_folders_of_frames()
    {
        using var frames = new TemporaryFolder();
        using var folder = new TemporaryFolder();
        foreach (var (split, length) in new[] { ("train", 34), ("test", 9) })
        {
            foreach (var way in new[] { "left", "right" }) Write(frames[$"{split}/{way}/walk"], length, way == "right");
        }

        var outcome = await Contrastive.RunAsync(
            ["train", "--method", "frame-order", "--dataset", "image-sequences", "--data", frames.Path, "--encoder", "resnet8-w8", .. Short, "frameSize=8", "frames=consecutive", "--out", folder.Path]);

        Assert.True(outcome.ExitCode == 0, outcome.Error);
        // Eight fours of each of the two sequences; what is left over is not shown.
        Assert.Equal(16, JsonDocument.Parse(outcome.Output).RootElement.GetProperty("samplesApplied").GetInt64());
    }

    [Fact]
    public async Task Cpc_of_signals_brings_its_encoder()
    {
        using var folder = new TemporaryFolder();
        var outcome = await Contrastive.RunAsync(
            ["train", "--method", "cpc-sequence", "--dataset", "synthetic-signals", .. Short, "split=train[:64]", "testSplit=test[:20]", "steps=2", "--out", folder.Path]);

        Assert.True(outcome.ExitCode == 0, outcome.Error);
        var result = JsonDocument.Parse(outcome.Output).RootElement;
        Assert.Equal(("conv1d-gru", 64), (result.GetProperty("encoder").GetString(), result.GetProperty("samplesApplied").GetInt64()));
        Assert.True(double.IsFinite(result.GetProperty("loss").GetDouble()));
    }

    /// <summary>A bright column that moves a pixel a frame, around a frame of 16 pixels.</summary>
    private static void Write(string folder, int length, bool right)
    {
        Directory.CreateDirectory(folder);
        for (var frame = 0; frame < length; frame++)
        {
            var column = (right ? frame : length - frame) % 16;
            File.WriteAllBytes(Path.Combine(folder, $"{frame:d3}.bmp"), Bitmap.Bytes(16, 16, (x, _) => x == column ? (250, 240, 230) : (20, 30, 40)));
        }
    }
}
