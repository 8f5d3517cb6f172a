using OrleansContrastive.Tests.Shared;

namespace OrleansContrastive.Cli.Tests;

/// <summary>A small run, trained once for all tests of a class.</summary>
public sealed class TrainedFolder : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();

    /// <summary>Folder of the run.</summary>
    public string Path => _folder["run"];

    /// <inheritdoc/>
    public async ValueTask InitializeAsync()
    {
        var trained = await Contrastive.RunAsync(
            "train", "--dataset", "synthetic", "--encoder", "resnet8-w8", "--epochs", "1", "--batch", "16", "--lanes", "1", "--json", "--out", Path,
            "--set", "split=train[:320]", "testSplit=test[:50]", "imageSize=16", "checkpointEpochs=0.5", "queueLength=100", "evaluateEpochs=0");
        Assert.True(trained.ExitCode == 0, trained.Error);
        Knn = System.Text.Json.JsonDocument.Parse(trained.Output.Trim().Split('\n')[^1]).RootElement;
    }

    /// <summary>What the run said of itself at its end.</summary>
    public System.Text.Json.JsonElement Knn { get; private set; }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _folder.Dispose();
        return ValueTask.CompletedTask;
    }
}
