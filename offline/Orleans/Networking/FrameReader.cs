using System.Buffers.Binary;
using Orleans.Runtime.Messaging;

namespace Orleans.Networking;

/// <summary>
/// Takes frames off a transport: [u32 length of the rest][u32 head][u16 payloads][u32 length of each][head][payloads], little-endian.
/// Lengths are checked before anything is allocated. Heads lie in one buffer that is used again; each payload is received straight
/// into an array of its own.
/// </summary>
internal sealed class FrameReader(ITransport transport, long longest)
{
    private const int FixedLength = sizeof(uint) + sizeof(uint) + sizeof(ushort);
    private const int Size = 64 << 10;

    private byte[] _buffer = new byte[Size];
    private int _start;
    private int _end;

    /// <summary>When something was last received, in milliseconds of <see cref="Environment.TickCount64"/>.</summary>
    public long LastReceived { get; private set; } = Environment.TickCount64;

    /// <summary>The next frame; its head is valid until the next call. Null where the other end closed between two frames.</summary>
    /// <exception cref="InvalidMessageFrameException">The lengths cannot be, or are above the limit.</exception>
    /// <exception cref="EndOfStreamException">The other end closed within a frame.</exception>
    public async ValueTask<Frame?> ReadAsync(CancellationToken cancellationToken)
    {
        if (!await FillAsync(FixedLength, mayEnd: true, cancellationToken).ConfigureAwait(false)) return null;
        var (total, headLength, count) = Prefix(_buffer.AsSpan(_start));
        var prefixLength = FixedLength + (count * sizeof(uint));
        if (total > longest || prefixLength - sizeof(uint) + (long)headLength > total)
            throw Refuse($"a frame of {total} bytes with a head of {headLength} and {count} payloads");
        var headed = prefixLength + (int)headLength;
        await FillAsync(headed, mayEnd: false, cancellationToken).ConfigureAwait(false);

        var payloads = count == 0 ? [] : new byte[count][];
        var sum = CheckedSum(payloads, total - (headed - sizeof(uint)));
        if (sum != total - (headed - sizeof(uint))) throw Refuse($"payloads of {sum} bytes where {total - (headed - sizeof(uint))} are left");
        var head = _buffer.AsMemory(_start + prefixLength, (int)headLength);
        _start += headed;
        foreach (var payload in payloads)
        {
            var there = Math.Min(payload.Length, _end - _start);
            _buffer.AsSpan(_start, there).CopyTo(payload);
            _start += there;
            for (var missing = payload.AsMemory(there); missing.Length > 0;)
            {
                var got = await transport.ReceiveAsync(missing, cancellationToken).ConfigureAwait(false);
                if (got == 0) throw new EndOfStreamException($"{transport.Remote} closed the connection within a frame.");
                LastReceived = Environment.TickCount64;
                missing = missing[got..];
            }
        }

        return new Frame(head, payloads);
    }

    private static (long Total, uint Head, int Count) Prefix(ReadOnlySpan<byte> span) => (
        BinaryPrimitives.ReadUInt32LittleEndian(span),
        BinaryPrimitives.ReadUInt32LittleEndian(span[sizeof(uint)..]),
        BinaryPrimitives.ReadUInt16LittleEndian(span[(2 * sizeof(uint))..]));

    // Allocates only once the lengths fit together.
    private long CheckedSum(byte[][] payloads, long left)
    {
        var lengths = _buffer.AsSpan(_start + FixedLength, payloads.Length * sizeof(uint));
        var sum = 0L;
        for (var index = 0; index < payloads.Length; index++) sum += BinaryPrimitives.ReadUInt32LittleEndian(lengths[(index * sizeof(uint))..]);
        if (sum != left) return sum;
        for (var index = 0; index < payloads.Length; index++)
            payloads[index] = PayloadPool.Shared.Rent((int)BinaryPrimitives.ReadUInt32LittleEndian(lengths[(index * sizeof(uint))..]));
        return sum;
    }

    private async ValueTask<bool> FillAsync(int needed, bool mayEnd, CancellationToken cancellationToken)
    {
        if (_end - _start >= needed) return true;
        if (_start == _end) _start = _end = 0;
        if (_buffer.Length - _start < needed) MakeRoom(needed);
        while (_end - _start < needed)
        {
            var got = await transport.ReceiveAsync(_buffer.AsMemory(_end), cancellationToken).ConfigureAwait(false);
            LastReceived = Environment.TickCount64;
            if (got > 0)
            {
                _end += got;
                continue;
            }

            if (mayEnd && _end == _start) return false;
            throw new EndOfStreamException($"{transport.Remote} closed the connection within a frame.");
        }

        return true;
    }

    private void MakeRoom(int needed)
    {
        // A large head gets a buffer of its size, which the next small one gives back.
        var target = needed > Size || _buffer.Length > Size ? new byte[Math.Max(Size, needed)] : _buffer;
        if (target.Length < _end - _start) target = _buffer;
        _buffer.AsSpan(_start, _end - _start).CopyTo(target);
        _buffer = target;
        _end -= _start;
        _start = 0;
    }

    private InvalidMessageFrameException Refuse(string found) =>
        new($"{transport.Remote} sent {found}: expected lengths that fit together and at most {longest} bytes (MessagingOptions.MaxMessageBodySize).");
}

/// <summary>One frame as it was received.</summary>
internal readonly record struct Frame(ReadOnlyMemory<byte> Head, byte[][] Payloads);
