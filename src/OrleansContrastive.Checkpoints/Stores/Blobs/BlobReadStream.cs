namespace OrleansContrastive.Checkpoints.Stores.Blobs;

/// <summary>
/// A blob as a stream of ranges, the next one fetched while this one is read. One reader at a time.
/// </summary>
/// <param name="length">Bytes of the blob.</param>
/// <param name="rangeBytes">Bytes of a range; only the last one may be shorter.</param>
/// <param name="first">The first range.</param>
/// <param name="fetch">Gets the bytes from an offset on, so many, of the version that was opened.</param>
internal sealed class BlobReadStream(
    long length, int rangeBytes, byte[] first, Func<long, int, CancellationToken, Task<byte[]>> fetch) : Stream
{
    private readonly CancellationTokenSource _closed = new();
    private long _position;
    private long _index;
    private byte[] _range = first;
    private (long Index, Task<byte[]> Range)? _ahead;

    public override bool CanRead => true;

    public override bool CanSeek => true;

    public override bool CanWrite => false;

    public override long Length => length;

    public override long Position
    {
        get => _position;
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            _position = value;
        }
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_position >= length || buffer.IsEmpty) return 0;
        var index = _position / rangeBytes;
        if (index != _index) await MoveToAsync(index, cancellationToken).ConfigureAwait(false);
        if (_ahead is null && (index + 1) * rangeBytes < length) _ahead = (index + 1, FetchAsync(index + 1));

        var there = _range.AsMemory((int)(_position - (index * rangeBytes)));
        var taken = Math.Min(there.Length, buffer.Length);
        there[..taken].CopyTo(buffer);
        _position += taken;
        return taken;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) =>
        ReadAsync(buffer.AsMemory(offset, count)).AsTask().GetAwaiter().GetResult();

    public override long Seek(long offset, SeekOrigin origin)
    {
        Position = offset + (origin switch
        {
            SeekOrigin.Begin => 0,
            SeekOrigin.Current => _position,
            SeekOrigin.End => length,
            _ => throw new ArgumentOutOfRangeException(nameof(origin), origin, "Not an origin."),
        });
        return _position;
    }

    public override void Flush()
    {
        // Nothing is ever written.
    }

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _closed.Cancel();
            // Its failure concerns nobody any more, but must have been looked at.
            _ahead?.Range.ContinueWith(task => _ = task.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
            _ahead = null;
        }

        base.Dispose(disposing);
    }

    private async Task MoveToAsync(long index, CancellationToken cancellationToken)
    {
        // The ahead fetch outlives a cancelled reader, which may read on.
        var ahead = _ahead is { } fetched && fetched.Index == index ? fetched.Range : FetchAsync(index);
        _ahead = (index, ahead);
        _range = await ahead.WaitAsync(cancellationToken).ConfigureAwait(false);
        (_index, _ahead) = (index, null);
    }

    private Task<byte[]> FetchAsync(long index) =>
        fetch(index * rangeBytes, (int)Math.Min(rangeBytes, length - (index * rangeBytes)), _closed.Token);
}
