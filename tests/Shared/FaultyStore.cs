using OrleansContrastive.Checkpoints.Stores;

namespace OrleansContrastive.Tests.Shared;

/// <summary>A store that does what a test asks of it before every call, such as failing or taking its time.</summary>
public sealed class FaultyStore(ICheckpointStore inner) : ICheckpointStore
{
    /// <summary>Runs before each call that reads or lists; gets the key or the prefix.</summary>
    public Func<string, Task> OnRead { get; set; } = _ => Task.CompletedTask;

    /// <summary>Runs before each write is made visible or an object deleted; gets the key.</summary>
    public Func<string, Task> OnWrite { get; set; } = _ => Task.CompletedTask;

    /// <summary>Bytes that a large write lets through before the disk is full.</summary>
    public long FreeBytes { get; set; } = long.MaxValue;

    public string Location => inner.Location;

    /// <summary>What a full disk says.</summary>
    public static IOException DiskFull() => new("No space left on device");

    public async Task<StoredObject?> ReadAsync(string key, CancellationToken cancellationToken = default)
    {
        await OnRead(key);
        return await inner.ReadAsync(key, cancellationToken);
    }

    public async Task<Stream?> OpenReadAsync(string key, CancellationToken cancellationToken = default)
    {
        await OnRead(key);
        return await inner.OpenReadAsync(key, cancellationToken);
    }

    public async Task<string> WriteAsync(
        string key, ReadOnlyMemory<byte> content, WriteCondition condition = default, CancellationToken cancellationToken = default)
    {
        await OnWrite(key);
        return await inner.WriteAsync(key, content, condition, cancellationToken);
    }

    public Task<string> WriteLargeAsync(
        string key, Func<Stream, CancellationToken, Task> write, WriteCondition condition = default, CancellationToken cancellationToken = default) =>
        inner.WriteLargeAsync(
            key,
            async (stream, token) =>
            {
                await using var limited = new LimitedStream(stream, FreeBytes);
                await write(limited, token);
                await OnWrite(key);
            },
            condition,
            cancellationToken);

    public async Task<bool> DeleteAsync(string key, WriteCondition condition = default, CancellationToken cancellationToken = default)
    {
        await OnWrite(key);
        return await inner.DeleteAsync(key, condition, cancellationToken);
    }

    public async IAsyncEnumerable<string> ListAsync(
        string prefix, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await OnRead(prefix);
        await foreach (var key in inner.ListAsync(prefix, cancellationToken)) yield return key;
    }

    private sealed class LimitedStream(Stream inner, long free) : Stream
    {
        private long _free = free;

        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var fits = (int)Math.Min(buffer.Length, _free);
            await inner.WriteAsync(buffer[..fits], cancellationToken);
            _free -= fits;
            if (fits < buffer.Length) throw DiskFull();
        }

        public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Flush() => inner.Flush();

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }
}
