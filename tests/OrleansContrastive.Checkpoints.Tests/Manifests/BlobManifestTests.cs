using System.Text.Json;
using OrleansContrastive.Checkpoints.Manifests;
using OrleansContrastive.Checkpoints.Stores;
using OrleansContrastive.Tests.Shared;

namespace OrleansContrastive.Checkpoints.Tests.Manifests;

/// <summary>Checkpoints in a container: the same promises as in a folder, where they depend on the store.</summary>
public sealed class BlobManifestTests(Azurite azurite)
{
    private readonly string _container = azurite.FreshContainer();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Of_two_writers_of_a_version_one_wins_and_its_files_stand()
    {
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 6).Select(writer => Task.Run(
            async () =>
            {
                try
                {
                    await PublishAsync(await ManifestsAsync(), 7, writer: $"writer-{writer}", fill: (byte)writer);
                    return writer;
                }
                catch (CheckpointConflictException)
                {
                    return -1;
                }
            },
            Token)));

        var winner = Assert.Single(outcomes, outcome => outcome >= 0);
        var manifests = await ManifestsAsync();
        var manifest = (await manifests.LatestAsync(Token))!;
        await manifests.VerifyAsync(manifest, Token);
        Assert.Equal(winner, (await manifests.ReadFileAsync(manifest, "a.bin", Token)).Span[0]);
    }

    [Fact]
    public async Task Damage_is_named_pruning_keeps_the_last_and_a_rewind_withdraws()
    {
        var (store, manifests) = (await StoreAsync(), await ManifestsAsync());
        for (var version = 1; version <= 4; version++) await PublishAsync(manifests, version);

        Assert.Equal([1L], await manifests.PruneAsync(3, Token));
        Assert.Equal([2L, 3L, 4L], await manifests.VersionsAsync(Token));

        var newest = (await manifests.LatestAsync(Token))!;
        var key = $"run/checkpoints/000000000004/{newest.Files[0].Path}";
        await store.WriteAsync(key, new byte[5 << 20], cancellationToken: Token);
        var fault = await Assert.ThrowsAsync<CheckpointCorruptedException>(() => manifests.VerifyAsync(newest, Token));
        Assert.Equal($"{store.Location}/{key}", fault.File);
        Assert.Contains(newest.Files[0].Sha256, fault.Expected, StringComparison.Ordinal);

        Assert.Equal([4L], await manifests.RewindAsync(3, Token));
        var again = (await manifests.LatestAsync(Token))!;
        Assert.Equal(3, again.Version);
        await manifests.VerifyAsync(again, Token);
        await PublishAsync(manifests, 4, writer: "2");
        await manifests.VerifyAsync((await manifests.LatestAsync(Token))!, Token);
    }

    private static async Task PublishAsync(ManifestStore manifests, long version, string writer = "1", byte fill = 1)
    {
        var file = await manifests.WriteFileAsync(
            version, writer, "a.bin", (stream, token) => stream.WriteAsync(Enumerable.Repeat(fill, 5 << 20).ToArray(), token).AsTask(), Token);
        await manifests.PublishAsync(new() { RunId = "run", Version = version, Spec = JsonDocument.Parse("{}").RootElement, Files = [file] }, Token);
    }

    private async Task<ICheckpointStore> StoreAsync() =>
        StoreAddress.Parse($"{await azurite.ConnectionStringAsync(Token)};Container={_container}").Open();

    private async Task<ManifestStore> ManifestsAsync() => new(await StoreAsync(), "run/checkpoints");
}
