using OrleansContrastive.Checkpoints.Stores;
using OrleansContrastive.Contracts.Workers;
using OrleansContrastive.Hosting.Nodes;
using OrleansContrastive.Hosting.Tests.Storage;
using OrleansContrastive.Hosting.Workers;

namespace OrleansContrastive.Hosting.Tests.Nodes;

/// <summary>The self-test passes where a silo can work, and says what is missing where it cannot.</summary>
public sealed class SelfTestTests : IDisposable
{
    private readonly StoreFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_store_that_keeps_its_word_passes_and_nothing_is_left_in_it()
    {
        var store = _folder.Open();
        await SelfTest.CheckStoreAsync(store, "clusters/c/self-test/a", Token);
        Assert.Empty(await store.ListAsync("clusters/", Token).ToListAsync(Token));
    }

    [Fact]
    public async Task A_store_that_takes_every_write_is_found_out()
    {
        var failure = await Assert.ThrowsAsync<SelfTestException>(() => SelfTest.CheckStoreAsync(new Lenient(_folder.Open()), "clusters/c/self-test/a", Token));
        Assert.Contains("does not honour conditional writes", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_store_that_cannot_be_written_is_named_with_the_cause()
    {
        var file = Path.GetTempFileName();
        var failure = await Assert.ThrowsAsync<SelfTestException>(() => SelfTest.CheckStoreAsync(new FolderStore(Path.Combine(file, "store")), "clusters/c/self-test/a", Token));
        File.Delete(file);
        Assert.Contains(file, failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_device_matters_only_to_the_roles_that_compute_on_it()
    {
        var options = new WorkerOptions { Device = "cuda:63" };
        SelfTest.CheckDevices(options, WorkerRoles.Negatives | WorkerRoles.Parameters | WorkerRoles.Run | WorkerRoles.Augmentation);
        var failure = Assert.Throws<SelfTestException>(() => SelfTest.CheckDevices(options, WorkerRoles.Key));
        Assert.Contains("'cuda:63'", failure.Message, StringComparison.Ordinal);
        Assert.Contains("'key'", failure.Message, StringComparison.Ordinal);
    }

    /// <summary>Takes conditions and does not look at them.</summary>
    private sealed class Lenient(ICheckpointStore inner) : ICheckpointStore
    {
        public string Location => inner.Location;

        public Task<StoredObject?> ReadAsync(string key, CancellationToken cancellationToken = default) => inner.ReadAsync(key, cancellationToken);

        public Task<Stream?> OpenReadAsync(string key, CancellationToken cancellationToken = default) => inner.OpenReadAsync(key, cancellationToken);

        public Task<string> WriteAsync(string key, ReadOnlyMemory<byte> content, WriteCondition condition = default, CancellationToken cancellationToken = default) =>
            inner.WriteAsync(key, content, default, cancellationToken);

        public Task<string> WriteLargeAsync(string key, Func<Stream, CancellationToken, Task> write, WriteCondition condition = default, CancellationToken cancellationToken = default) =>
            inner.WriteLargeAsync(key, write, default, cancellationToken);

        public Task<bool> DeleteAsync(string key, WriteCondition condition = default, CancellationToken cancellationToken = default) => inner.DeleteAsync(key, default, cancellationToken);

        public IAsyncEnumerable<string> ListAsync(string prefix, CancellationToken cancellationToken = default) => inner.ListAsync(prefix, cancellationToken);
    }
}
