using System.Text.Json;
using OrleansContrastive.Checkpoints.Manifests;
using OrleansContrastive.Checkpoints.Stores;
using OrleansContrastive.Tests.Shared;

namespace OrleansContrastive.Cli.Tests;

/// <summary><c>contrastive checkpoint list|verify|prune</c> and <c>resume --version</c>, on a real run's folder.</summary>
public sealed class CheckpointTests
{
    private static readonly string[] Train =
    [
        "train", "--dataset", "synthetic", "--encoder", "resnet8-w8", "--epochs", "1", "--batch", "16", "--lanes", "1", "--json",
        "--set", "split=train[:320]", "testSplit=test[:50]", "imageSize=16", "checkpointEpochs=0.25", "queueLength=100", "evaluateEpochs=0",
    ];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_damaged_checkpoint_is_found_by_its_hash_and_the_one_before_it_gives_the_same_end()
    {
        using var folder = new TemporaryFolder();
        var trained = await Contrastive.RunAsync([.. Train, "--out", folder.Path]);
        Assert.True(trained.ExitCode == 0, trained.Error);
        var manifests = new ManifestStore(new FolderStore(folder.Path), $"{RunSession.RunId}/checkpoints");
        var whole = (await manifests.LatestAsync(Token))!;

        var list = await JsonOfAsync(0, "checkpoint", "list", folder.Path, "--json");
        var versions = list.GetProperty("checkpoints").EnumerateArray().Select(line => line.GetProperty("version").GetInt64()).ToArray();
        Assert.Equal(await manifests.VersionsAsync(Token), versions);
        Assert.Equal((10, 15, 20), (versions[0], versions[1], versions[2]));
        var verified = await Contrastive.RunAsync("checkpoint", "verify", folder.Path);
        Assert.Equal((0, ""), (verified.ExitCode, verified.Error));
        Assert.Equal(3, verified.Output.Split("  whole").Length - 1);

        var victim = whole.Files.Single(file => file.Name.StartsWith("negatives", StringComparison.Ordinal));
        var path = folder[$"{RunSession.RunId}/checkpoints/000000000020/{victim.Path}"];
        var bytes = await File.ReadAllBytesAsync(path, Token);
        bytes[^1] ^= 1;
        await File.WriteAllBytesAsync(path, bytes, Token);

        var found = await Contrastive.RunAsync("checkpoint", "verify", folder.Path);
        Assert.Equal(1, found.ExitCode);
        Assert.Contains(path, found.Output, StringComparison.Ordinal);
        Assert.Contains($"expected {victim.Bytes} bytes with SHA-256 {victim.Sha256}", found.Output, StringComparison.Ordinal);
        Assert.Contains($"contrastive resume {folder.Path} --version 15", found.Error, StringComparison.Ordinal);
        var one = await JsonOfAsync(1, "checkpoint", "verify", folder.Path, "--version", "20", "--json");
        Assert.Equal(path, one.GetProperty("checkpoints")[0].GetProperty("damage")[0].GetProperty("file").GetString());

        var resumed = await Contrastive.RunAsync("resume", folder.Path, "--version", "15", "--lanes", "1", "--json");
        Assert.True(resumed.ExitCode == 0, resumed.Error);
        Assert.Contains("withdrawn: 20", resumed.Error, StringComparison.Ordinal);
        var again = (await manifests.LatestAsync(Token))!;
        Assert.Equal(20, again.Version);
        Assert.Equal(whole.Files.Select(file => (file.Name, file.Sha256)), again.Files.Select(file => (file.Name, file.Sha256)));

        var rewound = await JsonOfAsync(0, "checkpoint", "rewind", RunSession.RunId, "--version", "15", "--store", folder.Path, "--json");
        Assert.Equal(20, rewound.GetProperty("withdrawn")[0].GetInt64());
        Assert.Equal(15, (await manifests.LatestAsync(Token))!.Version);
        var pruned = await JsonOfAsync(0, "checkpoint", "prune", folder.Path, "--keep", "1", "--json");
        Assert.Equal([15L], pruned.GetProperty("kept").EnumerateArray().Select(version => version.GetInt64()));
        Assert.Equal([15L], await manifests.VersionsAsync(Token));
    }

    [Theory]
    [InlineData("'nowhere'", "--store", "checkpoint", "list", "nowhere")]
    [InlineData("s3://bucket", "expected a folder", "checkpoint", "verify", "run", "--store", "s3://bucket")]
    [InlineData("has no checkpoint", "nor has any other", "checkpoint", "list", "run", "--store", "FOLDER")]
    [InlineData("--keep is 0", "1 or more", "checkpoint", "prune", "run", "--store", "FOLDER", "--keep", "0")]
    public async Task Wrong_usage_is_answered_with_what_would_be_right(string wrong, string right, params string[] arguments)
    {
        using var folder = new TemporaryFolder();

        var outcome = await Contrastive.RunAsync(arguments.Select(argument => argument == "FOLDER" ? folder.Path : argument));

        Assert.Equal(2, outcome.ExitCode);
        Assert.Contains(wrong, outcome.Error, StringComparison.Ordinal);
        Assert.Contains(right, outcome.Error, StringComparison.Ordinal);
    }

    private static async Task<JsonElement> JsonOfAsync(int exitCode, params string[] arguments)
    {
        var outcome = await Contrastive.RunAsync(arguments);
        Assert.True(outcome.ExitCode == exitCode, $"{outcome.ExitCode}: {outcome.Error}");
        return JsonDocument.Parse(outcome.Output).RootElement;
    }
}
