namespace OrleansContrastive.Checkpoints.Stores;

/// <summary>
/// An <see cref="ICheckpointStore"/> in a folder, which may be shared: an object is a plain file at its key, so everything
/// stored can be read by other programs. A write fills a temporary file and renames it into place under the key's lock; the
/// ETag is the file's time stamp, which every write moves forward, and its length.
/// </summary>
/// <remarks>
/// Needs a file system with advisory locks and atomic rename (any local one; NFS 4; SMB). Since a key is a path, an object
/// cannot lie below another one ('a' and 'a/b').
/// </remarks>
public sealed class FolderStore : ICheckpointStore
{
    private const int BufferSize = 1 << 20;
    private static readonly TimeSpan AbandonedAfter = TimeSpan.FromDays(1);

    private readonly string _root;
    private readonly string _temporary;
    private readonly bool _flushToDisk;
    private readonly TimeProvider _time;
    private readonly FolderLock _locks;

    /// <summary>Opens the store in <paramref name="folder"/>, which is created when first needed.</summary>
    /// <param name="folder">The folder that holds the objects.</param>
    /// <param name="flushToDisk">Whether a write waits until its bytes are on the disk, and so outlives a loss of power.</param>
    /// <param name="time">The clock that stamps the files; the system's by default.</param>
    public FolderStore(string folder, bool flushToDisk = true, TimeProvider? time = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        _root = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
        _temporary = Path.Combine(_root, ".writing");
        _locks = new FolderLock(Path.Combine(_root, ".locks"));
        _flushToDisk = flushToDisk;
        _time = time ?? TimeProvider.System;
        RemoveAbandoned();
    }

    /// <inheritdoc/>
    public string Location => _root;

    /// <inheritdoc/>
    public async Task<StoredObject?> ReadAsync(string key, CancellationToken cancellationToken = default)
    {
        await using var file = Open(key);
        if (file is null) return null;

        var length = file.Length;
        if (length > Array.MaxLength)
            throw new CheckpointException($"'{key}' in {Location} has {length} bytes, too many to read at once: open it as a stream.");

        var content = GC.AllocateUninitializedArray<byte>((int)length);
        await file.ReadExactlyAsync(content, cancellationToken).ConfigureAwait(false);
        return new StoredObject(content, TagOf(File.GetLastWriteTimeUtc(file.SafeFileHandle), length));
    }

    /// <inheritdoc/>
    public Task<Stream?> OpenReadAsync(string key, CancellationToken cancellationToken = default) =>
        Task.FromResult<Stream?>(Open(key));

    /// <inheritdoc/>
    public Task<string> WriteAsync(
        string key, ReadOnlyMemory<byte> content, WriteCondition condition = default, CancellationToken cancellationToken = default) =>
        WriteLargeAsync(key, (stream, token) => stream.WriteAsync(content, token).AsTask(), condition, cancellationToken);

    /// <inheritdoc/>
    public async Task<string> WriteLargeAsync(
        string key,
        Func<Stream, CancellationToken, Task> write,
        WriteCondition condition = default,
        CancellationToken cancellationToken = default)
    {
        var path = PathOf(key);
        Directory.CreateDirectory(_temporary);
        var temporary = Path.Combine(_temporary, Guid.NewGuid().ToString("N"));
        try
        {
            await using (var stream = new FileStream(
                temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, BufferSize, FileOptions.Asynchronous))
            {
                await write(stream, cancellationToken).ConfigureAwait(false);
                await stream.FlushAsync(cancellationToken).ConfigureAwait(false);
                if (_flushToDisk) stream.Flush(flushToDisk: true);
            }

            using (await _locks.TakeAsync(key, cancellationToken).ConfigureAwait(false))
            {
                var found = new FileInfo(path);
                Demand(key, condition, found);
                var tag = Stamp(temporary, found);
                MoveIntoPlace(temporary, path);
                return tag;
            }
        }
        finally
        {
            File.Delete(temporary); // a no-op once it was renamed
        }
    }

    /// <inheritdoc/>
    public async Task<bool> DeleteAsync(string key, WriteCondition condition = default, CancellationToken cancellationToken = default)
    {
        var path = PathOf(key);
        using (await _locks.TakeAsync(key, cancellationToken).ConfigureAwait(false))
        {
            var found = new FileInfo(path);
            Demand(key, condition, found);
            if (!found.Exists) return false;

            found.Delete();
            RemoveEmptyFolders(found.Directory);
            return true;
        }
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<string> ListAsync(string prefix, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(prefix);
        return KeysUnder(prefix).ToAsyncEnumerable();
    }

    private string[] KeysUnder(string prefix)
    {
        var folder = prefix.LastIndexOf('/') is >= 0 and var slash ? Path.Combine(_root, prefix[..slash]) : _root;
        // A prefix that leaves the root can start no valid key.
        if (prefix.Split('/').Any(segment => segment.StartsWith('.')) || prefix.StartsWith('/') || !Directory.Exists(folder)) return [];

        var options = new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.None };
        try
        {
            var keys = Directory.EnumerateFiles(folder, "*", options)
                .Select(path => Path.GetRelativePath(_root, path).Replace(Path.DirectorySeparatorChar, '/'))
                .Where(key => key.StartsWith(prefix, StringComparison.Ordinal) && !key.StartsWith('.'))
                .ToArray();
            Array.Sort(keys, StringComparer.Ordinal);
            return keys;
        }
        catch (DirectoryNotFoundException)
        {
            return []; // emptied and removed while we looked
        }
    }

    private FileStream? Open(string key)
    {
        var path = PathOf(key);
        try
        {
            return new FileStream(
                path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0, FileOptions.Asynchronous);
        }
        catch (Exception absent) when (absent is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    private string PathOf(string key)
    {
        ObjectKey.Check(key);
        return Path.Combine(_root, key);
    }

    private static void Demand(string key, WriteCondition condition, FileInfo found)
    {
        var tag = found.Exists ? TagOf(found.LastWriteTimeUtc, found.Length) : null;
        if (!condition.Holds(tag)) throw new ConditionFailedException(key, condition, tag);
    }

    private static string TagOf(DateTime written, long length) => $"{written.Ticks:x}-{length:x}";

    /// <summary>Gives the new file a stamp later than the old one's, and returns its tag.</summary>
    private string Stamp(string temporary, FileInfo found)
    {
        var now = _time.GetUtcNow().UtcDateTime;
        var before = found.Exists ? found.LastWriteTimeUtc : DateTime.MinValue;
        // Some file systems round the stamp (to a millisecond, to two seconds): step on until it has moved.
        foreach (var step in new[] { 1, TimeSpan.TicksPerMillisecond, TimeSpan.TicksPerSecond, 3 * TimeSpan.TicksPerSecond })
        {
            File.SetLastWriteTimeUtc(temporary, now > before ? now : before.AddTicks(step));
            var stamped = new FileInfo(temporary);
            if (stamped.LastWriteTimeUtc > before) return TagOf(stamped.LastWriteTimeUtc, stamped.Length);
            now = DateTime.MinValue;
        }

        throw new CheckpointException($"The file system of {Location} does not keep the time stamps of files, which serve as ETags.");
    }

    private static void MoveIntoPlace(string temporary, string path)
    {
        var folder = Path.GetDirectoryName(path)!;
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                Directory.CreateDirectory(folder);
                File.Move(temporary, path, overwrite: true);
                return;
            }
            catch (IOException) when (attempt < 100)
            {
                // A deletion next door removed the folder, empty until now, while it was being made or used.
            }
        }
    }

    private void RemoveEmptyFolders(DirectoryInfo? folder)
    {
        try
        {
            for (; folder is not null && folder.FullName.Length > _root.Length; folder = folder.Parent) folder.Delete();
        }
        catch (IOException)
        {
            // Not empty, or gone already.
        }
    }

    private void RemoveAbandoned()
    {
        if (!Directory.Exists(_temporary)) return;

        var limit = _time.GetUtcNow().UtcDateTime - AbandonedAfter;
        foreach (var path in Directory.GetFiles(_temporary).Where(path => File.GetLastWriteTimeUtc(path) < limit))
        {
            // A clock that jumped makes every file look old; one that somebody still writes is locked.
            if (IsHeld(path)) continue;
            File.Delete(path);
        }
    }

    private static bool IsHeld(string path)
    {
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
            return false;
        }
        catch (FileNotFoundException)
        {
            return false;
        }
        catch (IOException)
        {
            return true;
        }
    }
}
