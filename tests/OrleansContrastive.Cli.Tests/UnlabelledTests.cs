using System.Text.Json;
using OrleansContrastive.Tests.Shared;

namespace OrleansContrastive.Cli.Tests;

/// <summary>A folder of images as most people have it: without classes, or without a part to test on.</summary>
public sealed class UnlabelledTests
{
    [Theory]
    [InlineData("", "has none")]
    [InlineData("train/cat train/dog", "expected a folder test")]
    public async Task It_is_learned_from_and_the_encoder_is_not_judged(string classes, string reason)
    {
        using var images = new TemporaryFolder();
        using var folder = new TemporaryFolder();
        foreach (var place in classes.Split(' '))
        {
            Directory.CreateDirectory(images[place]);
            for (var i = 0; i < 16; i++)
                await File.WriteAllBytesAsync(Path.Combine(images[place], $"{i}.bmp"), Bitmap.Bytes(16, 16, (x, y) => (16 * x, 16 * y, 16 * i)), TestContext.Current.CancellationToken);
        }

        var trained = await Contrastive.RunAsync(
            ["train", "--method", "simclr", "--dataset", "folder", "--data", images.Path, "--encoder", "resnet8-w8", "--epochs", "1", "--batch", "8", "--lanes", "1", "--set", "imageSize=16", "--out", folder.Path, "--json"]);
        Assert.True(trained.ExitCode == 0, trained.Error);
        Assert.Contains(reason, trained.Error, StringComparison.Ordinal);
        var result = JsonDocument.Parse(trained.Output).RootElement;
        Assert.True(result.GetProperty("samplesApplied").GetInt64() > 0);
        Assert.Equal(JsonValueKind.Null, result.GetProperty("knnTop1").ValueKind);

        var resumed = await Contrastive.RunAsync("resume", folder.Path, "--lanes", "1", "--json");
        Assert.True(resumed.ExitCode == 0, resumed.Error);
    }
}
