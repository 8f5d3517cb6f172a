namespace OrleansContrastive.Checkpoints.Stores;

/// <summary>
/// Named objects with conditional writes: the one primitive under checkpoints, grain state and cluster membership.
/// A write is atomic: a reader sees the old object or the new one whole, and a writer that dies leaves the old one.
/// Keys are paths of plain segments (<see cref="ObjectKey"/>). All members may be called from any thread and process.
/// </summary>
public interface ICheckpointStore
{
    /// <summary>Where the objects lie, for messages.</summary>
    string Location { get; }

    /// <summary>Reads a whole object of less than 2 GiB, or null where there is none.</summary>
    Task<StoredObject?> ReadAsync(string key, CancellationToken cancellationToken = default);

    /// <summary>
    /// Opens an object of any size for reading, or null where there is none. The stream goes on to see the object as it
    /// was opened, whatever is written meanwhile.
    /// </summary>
    Task<Stream?> OpenReadAsync(string key, CancellationToken cancellationToken = default);

    /// <summary>Writes a whole object and returns its new tag.</summary>
    /// <exception cref="ConditionFailedException">The condition does not hold; nothing was written.</exception>
    Task<string> WriteAsync(
        string key, ReadOnlyMemory<byte> content, WriteCondition condition = default, CancellationToken cancellationToken = default);

    /// <summary>
    /// Writes an object of any size from a callback that fills a stream, and returns its new tag. Nothing is visible before
    /// the callback has returned; the condition is judged after it.
    /// </summary>
    /// <exception cref="ConditionFailedException">The condition does not hold; nothing was written.</exception>
    Task<string> WriteLargeAsync(
        string key,
        Func<Stream, CancellationToken, Task> write,
        WriteCondition condition = default,
        CancellationToken cancellationToken = default);

    /// <summary>Deletes an object; false where there was none.</summary>
    /// <exception cref="ConditionFailedException">The condition does not hold; nothing was deleted.</exception>
    Task<bool> DeleteAsync(string key, WriteCondition condition = default, CancellationToken cancellationToken = default);

    /// <summary>
    /// The keys that start with <paramref name="prefix"/> (any characters, not only whole segments; empty: all), in ordinal
    /// order. Objects written or deleted during the listing may be missed or still listed.
    /// </summary>
    IAsyncEnumerable<string> ListAsync(string prefix, CancellationToken cancellationToken = default);
}
