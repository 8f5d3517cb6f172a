using Azure.Storage.Blobs;
using OrleansContrastive.Checkpoints.Stores;
using OrleansContrastive.Checkpoints.Stores.Blobs;
using OrleansContrastive.Tests.Shared;

namespace OrleansContrastive.Checkpoints.Tests.Stores;

/// <summary>Runs while no other test does: what they hold would be counted too.</summary>
[CollectionDefinition(nameof(BlobMemoryTests), DisableParallelization = true)]
[Collection(nameof(BlobMemoryTests))]
public sealed class BlobMemoryTests(Azurite azurite)
{
    [Fact]
    public async Task At_most_a_few_blocks_are_in_memory()
    {
        const int Blocks = 40;
        const int BlockBytes = 1 << 20;
        var token = TestContext.Current.CancellationToken;
        var container = new BlobContainerClient(await azurite.ConnectionStringAsync(token), azurite.FreshContainer(), StoreAddress.Client());
        var store = new BlobStore(container, BlockBytes);
        var part = new byte[BlockBytes];
        new Random(7).NextBytes(part);
        long most = 0;
        var before = GC.GetTotalMemory(forceFullCollection: true);

        await store.WriteLargeAsync(
            "large",
            async (stream, cancellation) =>
            {
                for (var i = 0; i < Blocks; i++)
                {
                    await stream.WriteAsync(part, cancellation);
                    most = Math.Max(most, GC.GetTotalMemory(forceFullCollection: true) - before);
                }
            },
            cancellationToken: token);

        Assert.InRange(most, 0, 20 * BlockBytes);
        await using var read = (await store.OpenReadAsync("large", token))!;
        Assert.Equal((long)Blocks * BlockBytes, read.Length);
    }
}
