using System.Buffers;
using System.Globalization;
using System.Text;
using Azure.Storage.Blobs.Specialized;

namespace OrleansContrastive.Checkpoints.Stores.Blobs;

/// <summary>
/// Sends what is written to it as blocks of a blob, a few at a time; nobody sees them before they are committed. One writer at
/// a time. Blocks that are never committed are dropped by the service within a week.
/// </summary>
internal sealed class BlockUpload : Stream
{
    // A blob may have so many blocks.
    private const int MostBlocks = 50_000;
    private const int InFlight = 4;

    private readonly BlockBlobClient _blob;
    private readonly int _blockBytes;
    private readonly Func<Func<Task>, Task> _send;
    // Of one upload alone, since blocks of two writers of a blob lie in one heap.
    private readonly string _upload = Guid.NewGuid().ToString("N");
    private readonly List<string> _blocks = [];
    private readonly Queue<Task> _sending = [];
    private byte[] _buffer;
    private int _filled;
    private long _length;

    /// <summary>Starts an upload; nothing is sent yet.</summary>
    /// <param name="blob">Where the blocks go.</param>
    /// <param name="blockBytes">Bytes of one block.</param>
    /// <param name="send">Runs one request, with its failures translated.</param>
    public BlockUpload(BlockBlobClient blob, int blockBytes, Func<Func<Task>, Task> send)
    {
        (_blob, _blockBytes, _send) = (blob, blockBytes, send);
        _buffer = ArrayPool<byte>.Shared.Rent(blockBytes);
    }

    /// <summary>The blocks that were sent, in their order.</summary>
    public IReadOnlyList<string> Blocks => _blocks;

    /// <summary>What was written and not sent: less than a block.</summary>
    public ReadOnlyMemory<byte> Rest => _buffer.AsMemory(0, _filled);

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => _length;

    public override long Position
    {
        get => _length;
        set => throw new NotSupportedException();
    }

    /// <summary>Sends the rest and waits until the service has every block.</summary>
    public async Task FinishAsync(CancellationToken cancellationToken)
    {
        if (_filled > 0) await SendAsync(cancellationToken).ConfigureAwait(false);
        while (_sending.TryDequeue(out var oldest)) await oldest.ConfigureAwait(false);
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (!buffer.IsEmpty)
        {
            // A full buffer is sent only when more comes: what fits into one block then needs no block at all.
            if (_filled == _blockBytes) await SendAsync(cancellationToken).ConfigureAwait(false);
            var taken = Math.Min(buffer.Length, _blockBytes - _filled);
            buffer[..taken].CopyTo(_buffer.AsMemory(_filled));
            buffer = buffer[taken..];
            _filled += taken;
            _length += taken;
        }
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override void Write(byte[] buffer, int offset, int count) =>
        WriteAsync(buffer.AsMemory(offset, count)).AsTask().GetAwaiter().GetResult();

    public override void Flush()
    {
        // A block is sent when it is full, and the rest at the end.
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override async ValueTask DisposeAsync()
    {
        // The requests still read from their buffers.
        while (_sending.TryDequeue(out var oldest)) await oldest.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
        _filled = 0;
        await base.DisposeAsync().ConfigureAwait(false);
    }

    private async Task SendAsync(CancellationToken cancellationToken)
    {
        if (_blocks.Count == MostBlocks)
        {
            throw new CheckpointException(
                $"'{_blob.Name}' is too large for a blob: expected at most {MostBlocks} blocks of {_blockBytes} bytes, found more.");
        }

        // The oldest first, so that a failure is met soon and at most so many buffers are held.
        if (_sending.Count == InFlight) await _sending.Dequeue().ConfigureAwait(false);
        var id = Convert.ToBase64String(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{_upload}-{_blocks.Count:D5}")));
        _blocks.Add(id);
        _sending.Enqueue(StageAsync(id, _buffer, _filled, cancellationToken));
        _buffer = ArrayPool<byte>.Shared.Rent(_blockBytes);
        _filled = 0;
    }

    private async Task StageAsync(string id, byte[] buffer, int length, CancellationToken cancellationToken)
    {
        try
        {
            await _send(async () =>
            {
                using var content = new MemoryStream(buffer, 0, length, writable: false);
                await _blob.StageBlockAsync(id, content, cancellationToken: cancellationToken).ConfigureAwait(false);
            }).ConfigureAwait(false);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
