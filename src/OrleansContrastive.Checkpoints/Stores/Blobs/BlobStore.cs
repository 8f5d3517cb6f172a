using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;

namespace OrleansContrastive.Checkpoints.Stores.Blobs;

/// <summary>
/// An <see cref="ICheckpointStore"/> in a container of Azure Blob Storage, which is created when first written to: an object
/// is a block blob of its key's name, its ETag the service's. Objects of more than a block are sent as blocks, at most five
/// of them in memory, and made visible by one conditional commit.
/// </summary>
/// <remarks>
/// A write whose answer was lost and that is tried again would meet its own success as a conflict; every write therefore
/// carries an id in the blob's metadata, by which it knows itself. Of two that write one large object at once, the later
/// commit may find its blocks dropped; it fails with a <see cref="CheckpointException"/> that says so.
/// </remarks>
public sealed class BlobStore : ICheckpointStore
{
    private const int DefaultBlockBytes = 4 << 20;
    private const int LargestSinglePut = 64 << 20;
    private const string WriteId = "write";

    private readonly BlobContainerClient _container;
    private readonly int _blockBytes;

    /// <summary>Opens the store in a container; nothing is asked of the service yet.</summary>
    /// <param name="container">The container, with its credential and retry policy (<see cref="StoreAddress"/> sets both).</param>
    public BlobStore(BlobContainerClient container)
        : this(container, DefaultBlockBytes)
    {
    }

    internal BlobStore(BlobContainerClient container, int blockBytes)
    {
        ArgumentNullException.ThrowIfNull(container);
        ArgumentOutOfRangeException.ThrowIfLessThan(blockBytes, 1);
        (_container, _blockBytes) = (container, blockBytes);
        // A signature in the query is a secret.
        Location = container.Uri.GetLeftPart(UriPartial.Path);
    }

    /// <inheritdoc/>
    public string Location { get; }

    /// <inheritdoc/>
    public Task<StoredObject?> ReadAsync(string key, CancellationToken cancellationToken = default)
    {
        var blob = BlobOf(key);
        return GuardAsync<StoredObject?>($"reading '{key}'", async () =>
        {
            Response<BlobDownloadStreamingResult> answer;
            try
            {
                answer = await blob.DownloadStreamingAsync(cancellationToken: cancellationToken).ConfigureAwait(false);
            }
            catch (RequestFailedException absent) when (absent.Status == 404)
            {
                return null;
            }

            using var result = answer.Value;
            var length = result.Details.ContentLength;
            if (length > Array.MaxLength)
                throw new CheckpointException($"'{key}' in {Location} has {length} bytes, too many to read at once: open it as a stream.");
            return new StoredObject(await ContentAsync(result, cancellationToken).ConfigureAwait(false), TagOf(result.Details.ETag));
        }, cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<Stream?> OpenReadAsync(string key, CancellationToken cancellationToken = default)
    {
        var blob = BlobOf(key);
        return await GuardAsync<Stream?>($"opening '{key}'", async () =>
        {
            try
            {
                using var first = (await blob.DownloadStreamingAsync(
                    new BlobDownloadOptions { Range = new HttpRange(0, _blockBytes) }, cancellationToken).ConfigureAwait(false)).Value;
                var length = long.Parse(first.Details.ContentRange.Split('/')[^1], null);
                var version = first.Details.ETag;
                var content = await ContentAsync(first, cancellationToken).ConfigureAwait(false);
                return new BlobReadStream(
                    length, _blockBytes, content, (offset, count, token) => RangeAsync(key, version, offset, count, token));
            }
            catch (RequestFailedException absent) when (absent.Status == 404)
            {
                return null;
            }
            catch (RequestFailedException empty) when (empty.Status == 416)
            {
                return new MemoryStream([], writable: false);
            }
        }, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public Task<string> WriteAsync(
        string key, ReadOnlyMemory<byte> content, WriteCondition condition = default, CancellationToken cancellationToken = default)
    {
        var blob = BlobOf(key);
        return content.Length > LargestSinglePut
            ? WriteLargeAsync(key, (stream, token) => stream.WriteAsync(content, token).AsTask(), condition, cancellationToken)
            : CommitAsync(key, condition, async metadata =>
            {
                using var stream = BinaryData.FromBytes(content).ToStream();
                var answer = await blob.UploadAsync(
                    stream, new BlobUploadOptions { Conditions = Conditions(condition), Metadata = metadata, TransferOptions = new() { InitialTransferSize = LargestSinglePut } },
                    cancellationToken).ConfigureAwait(false);
                return answer.Value.ETag;
            }, cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<string> WriteLargeAsync(
        string key,
        Func<Stream, CancellationToken, Task> write,
        WriteCondition condition = default,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(write);
        var blob = BlobOf(key);
        await using var upload = new BlockUpload(blob, _blockBytes, send => GuardAsync(
            $"writing a block of '{key}'", () => InContainerAsync(async () => { await send().ConfigureAwait(false); return true; }, cancellationToken), cancellationToken));
        await write(upload, cancellationToken).ConfigureAwait(false);
        if (upload.Blocks.Count == 0) return await WriteAsync(key, upload.Rest, condition, cancellationToken).ConfigureAwait(false);

        await upload.FinishAsync(cancellationToken).ConfigureAwait(false);
        return await CommitAsync(key, condition, async metadata =>
        {
            var answer = await blob.CommitBlockListAsync(
                upload.Blocks, new CommitBlockListOptions { Conditions = Conditions(condition), Metadata = metadata }, cancellationToken)
                .ConfigureAwait(false);
            return answer.Value.ETag;
        }, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public Task<bool> DeleteAsync(string key, WriteCondition condition = default, CancellationToken cancellationToken = default)
    {
        var blob = BlobOf(key);
        return GuardAsync($"deleting '{key}'", async () =>
        {
            try
            {
                var answer = await blob.DeleteIfExistsAsync(
                    DeleteSnapshotsOption.IncludeSnapshots, Conditions(condition), cancellationToken).ConfigureAwait(false);
                if (answer.Value || condition.Holds(null)) return answer.Value;
                throw new ConditionFailedException(key, condition, null);
            }
            catch (RequestFailedException conflict) when (BlobFaults.IsConflict(conflict))
            {
                var found = await FindAsync(blob, cancellationToken).ConfigureAwait(false);
                throw new ConditionFailedException(key, condition, found is null ? null : TagOf(found.ETag));
            }
        }, cancellationToken);
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<string> ListAsync(
        string prefix, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(prefix);
        // No key starts so, and the service would take such a path as one of its own.
        if (prefix.StartsWith('/') || prefix.Split('/').Any(segment => segment.StartsWith('.'))) yield break;

        await using var pages = _container.GetBlobsAsync(BlobTraits.None, BlobStates.None, prefix, cancellationToken)
            .AsPages().GetAsyncEnumerator(cancellationToken);
        while (await GuardAsync($"listing '{prefix}*'", () => NextAsync(pages), cancellationToken).ConfigureAwait(false))
        {
            foreach (var blob in pages.Current.Values)
            {
                if (!blob.Name.StartsWith('.')) yield return blob.Name;
            }
        }
    }

    private static async Task<bool> NextAsync(IAsyncEnumerator<Page<BlobItem>> pages)
    {
        try
        {
            return await pages.MoveNextAsync().ConfigureAwait(false);
        }
        catch (RequestFailedException absent) when (BlobFaults.LacksContainer(absent))
        {
            return false;
        }
    }

    /// <summary>Runs the one request that makes an object visible.</summary>
    private Task<string> CommitAsync(
        string key, WriteCondition condition, Func<Dictionary<string, string>, Task<ETag>> commit, CancellationToken cancellationToken)
    {
        var id = Guid.NewGuid().ToString("N");
        return GuardAsync($"writing '{key}'", async () =>
        {
            try
            {
                return TagOf(await InContainerAsync(() => commit(new Dictionary<string, string> { [WriteId] = id }), cancellationToken).ConfigureAwait(false));
            }
            catch (RequestFailedException fault) when (BlobFaults.IsConflict(fault) || BlobFaults.LostBlocks(fault))
            {
                var found = await FindAsync(BlobOf(key), cancellationToken).ConfigureAwait(false);
                if (found is not null && found.Metadata.TryGetValue(WriteId, out var writer) && writer == id) return TagOf(found.ETag);
                var tag = found is null ? null : TagOf(found.ETag);
                throw condition.Holds(tag) && BlobFaults.LostBlocks(fault)
                    ? new CheckpointException($"'{key}' in {Location} was written by somebody else while its blocks were sent; nothing of this write is visible.", fault)
                    : new ConditionFailedException(key, condition, tag);
            }
        }, cancellationToken);
    }

    /// <summary>Runs a request that needs the container, which is created where it is not there.</summary>
    private async Task<T> InContainerAsync<T>(Func<Task<T>> call, CancellationToken cancellationToken)
    {
        try
        {
            return await call().ConfigureAwait(false);
        }
        catch (RequestFailedException absent) when (BlobFaults.LacksContainer(absent))
        {
            await _container.CreateIfNotExistsAsync(cancellationToken: cancellationToken).ConfigureAwait(false);
            return await call().ConfigureAwait(false);
        }
    }

    private Task<byte[]> RangeAsync(string key, ETag version, long offset, int count, CancellationToken cancellationToken) =>
        GuardAsync($"reading '{key}' from {offset}", async () =>
        {
            var blob = BlobOf(key);
            try
            {
                using var range = (await blob.DownloadStreamingAsync(
                    new BlobDownloadOptions { Range = new HttpRange(offset, count), Conditions = new() { IfMatch = version } },
                    cancellationToken).ConfigureAwait(false)).Value;
                return await ContentAsync(range, cancellationToken).ConfigureAwait(false);
            }
            catch (RequestFailedException changed) when (changed.Status is 404 or 412)
            {
                var found = await FindAsync(blob, cancellationToken).ConfigureAwait(false);
                throw new ConditionFailedException(key, WriteCondition.IfMatch(TagOf(version)), found is null ? null : TagOf(found.ETag));
            }
        }, cancellationToken);

    private static async Task<byte[]> ContentAsync(BlobDownloadStreamingResult result, CancellationToken cancellationToken)
    {
        var content = GC.AllocateUninitializedArray<byte>((int)result.Details.ContentLength);
        await result.Content.ReadExactlyAsync(content, cancellationToken).ConfigureAwait(false);
        return content;
    }

    private static async Task<BlobProperties?> FindAsync(BlockBlobClient blob, CancellationToken cancellationToken)
    {
        try
        {
            return (await blob.GetPropertiesAsync(cancellationToken: cancellationToken).ConfigureAwait(false)).Value;
        }
        catch (RequestFailedException absent) when (absent.Status == 404)
        {
            return null;
        }
    }

    private static BlobRequestConditions? Conditions(WriteCondition condition) =>
        condition.MustBeAbsent ? new() { IfNoneMatch = ETag.All }
        : condition.RequiredETag is { } tag ? new() { IfMatch = new ETag(tag) }
        : null;

    // Some answers carry the quotes of the header, some do not.
    private static string TagOf(ETag tag) => tag.ToString().Trim('"');

    private BlockBlobClient BlobOf(string key)
    {
        ObjectKey.Check(key);
        return _container.GetBlockBlobClient(key);
    }

    private Task<T> GuardAsync<T>(string what, Func<Task<T>> call, CancellationToken cancellationToken) =>
        BlobFaults.GuardAsync(what, Location, call, cancellationToken);
}
