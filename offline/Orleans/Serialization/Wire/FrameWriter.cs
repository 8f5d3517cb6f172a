using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Text;

namespace Orleans.Serialization;

/// <summary>
/// Collects one frame: the head in a pooled buffer, payloads as references to the sender's memory. Not safe for threads; to be
/// used again after <see cref="Reset"/>, once the segments are sent.
/// </summary>
internal sealed class FrameWriter : IBufferWriter<byte>, IDisposable
{
    private const int FirstLength = 512;
    private const int LongestKept = 1 << 16;
    private const int MostVarInt = 10;
    private const int MostUtf8 = 3;
    private const int ShortText = 0x7F / MostUtf8;

    // Room for the lengths of so many payloads in front of the head; for more, the head moves.
    private static readonly int Room = FrameFormat.PrefixLength(4);

    private readonly List<ReadOnlyMemory<byte>> _segments = [default];
    private byte[] _buffer = [];
    private int _start = Room;
    private int _position = Room;
    private long _borrowed;

    /// <summary>Payloads so far.</summary>
    public int PayloadCount => _segments.Count - 1;

    /// <summary>Bytes of the head so far.</summary>
    public int HeadLength => _position - _start;

    /// <summary>Bytes of the whole frame.</summary>
    public long Length => FrameFormat.PrefixLength(PayloadCount) + HeadLength + _borrowed;

    /// <summary>The frame: lengths and head in one piece, then the payloads. Valid until the next change.</summary>
    /// <exception cref="SerializerException">The frame has no length that the format could state.</exception>
    public IReadOnlyList<ReadOnlyMemory<byte>> Segments
    {
        get
        {
            var prefix = FrameFormat.PrefixLength(PayloadCount);
            var body = Length - sizeof(uint);
            if (body > int.MaxValue) throw new SerializerException($"A message of {body} bytes cannot travel: expected less than 2 GiB.");
            if (_buffer.Length == 0) Grow(0);
            if (_start < prefix) MoveHead(prefix);
            var head = HeadLength;
            var lengths = _buffer.AsSpan(_start - prefix, prefix);
            BinaryPrimitives.WriteUInt32LittleEndian(lengths, (uint)body);
            BinaryPrimitives.WriteUInt32LittleEndian(lengths[4..], (uint)head);
            BinaryPrimitives.WriteUInt16LittleEndian(lengths[8..], (ushort)PayloadCount);
            for (var index = 0; index < PayloadCount; index++)
                BinaryPrimitives.WriteUInt32LittleEndian(lengths[FrameFormat.PrefixLength(index)..], (uint)_segments[index + 1].Length);
            _segments[0] = _buffer.AsMemory(_start - prefix, prefix + head);
            return _segments;
        }
    }

    /// <summary>Adds a payload that is sent from where it is, and returns its index. Nobody may write to it until then.</summary>
    public int Borrow(ReadOnlyMemory<byte> payload)
    {
        if (PayloadCount == FrameFormat.MostPayloads)
            throw new SerializerException($"A message takes at most {FrameFormat.MostPayloads} payloads.");
        _segments.Add(payload);
        _borrowed += payload.Length;
        return PayloadCount - 1;
    }

    public void Advance(int count)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)count, (uint)(_buffer.Length - _position), nameof(count));
        _position += count;
    }

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        Ensure(Math.Max(1, sizeHint));
        return _buffer.AsMemory(_position);
    }

    public Span<byte> GetSpan(int sizeHint = 0)
    {
        Ensure(Math.Max(1, sizeHint));
        return _buffer.AsSpan(_position);
    }

    public void WriteByte(byte value)
    {
        Ensure(1);
        _buffer[_position++] = value;
    }

    public void WriteUInt32(uint value)
    {
        Ensure(sizeof(uint));
        BinaryPrimitives.WriteUInt32LittleEndian(_buffer.AsSpan(_position), value);
        _position += sizeof(uint);
    }

    public void WriteUInt64(ulong value)
    {
        Ensure(sizeof(ulong));
        BinaryPrimitives.WriteUInt64LittleEndian(_buffer.AsSpan(_position), value);
        _position += sizeof(ulong);
    }

    /// <summary>Seven bits a byte, the lowest first.</summary>
    public void WriteVarUInt64(ulong value)
    {
        Ensure(MostVarInt);
        var buffer = _buffer;
        var position = _position;
        while (value >= 0x80)
        {
            buffer[position++] = (byte)(value | 0x80);
            value >>= 7;
        }

        buffer[position++] = (byte)value;
        _position = position;
    }

    /// <summary>Bytes as they are, without a length.</summary>
    public void WriteRaw(ReadOnlySpan<byte> bytes)
    {
        Ensure(bytes.Length);
        bytes.CopyTo(_buffer.AsSpan(_position));
        _position += bytes.Length;
    }

    /// <summary>A length and the bytes.</summary>
    public void WriteBytes(ReadOnlySpan<byte> bytes)
    {
        WriteVarUInt64((uint)bytes.Length);
        WriteRaw(bytes);
    }

    /// <summary>A text in UTF-8 after the length of that.</summary>
    public void WriteText(string text)
    {
        // Of a short text the length takes one byte whatever it is.
        if (text.Length <= ShortText)
        {
            Ensure(1 + (text.Length * MostUtf8));
            var written = Encoding.UTF8.GetBytes(text, _buffer.AsSpan(_position + 1));
            _buffer[_position] = (byte)written;
            _position += 1 + written;
            return;
        }

        var length = Encoding.UTF8.GetByteCount(text);
        WriteVarUInt64((uint)length);
        Ensure(length);
        _position += Encoding.UTF8.GetBytes(text, _buffer.AsSpan(_position));
    }

    /// <summary>Where the frame stands, for <see cref="Return"/>.</summary>
    public FrameMark Mark() => new(_position, PayloadCount);

    /// <summary>Takes back what was written after a mark.</summary>
    public void Return(FrameMark mark)
    {
        _position = mark.Position;
        for (var index = PayloadCount; index > mark.Payloads; index--) _borrowed -= _segments[index].Length;
        _segments.RemoveRange(mark.Payloads + 1, PayloadCount - mark.Payloads);
    }

    /// <summary>Begins the next frame.</summary>
    public void Reset()
    {
        _start = _position = Room;
        _borrowed = 0;
        _segments.RemoveRange(1, PayloadCount);
        _segments[0] = default;
        if (_buffer.Length > LongestKept) Release();
    }

    /// <summary>Gives the buffer back.</summary>
    public void Dispose()
    {
        Reset();
        Release();
    }

    private void MoveHead(int start)
    {
        var head = HeadLength;
        Ensure(start - _start);
        _buffer.AsSpan(_start, head).CopyTo(_buffer.AsSpan(start));
        _start = start;
        _position = start + head;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Ensure(int count)
    {
        if (_buffer.Length - _position < count) Grow(count);
    }

    private void Grow(int count)
    {
        var wanted = (long)_position + count;
        if (wanted > Array.MaxLength) throw new SerializerException($"The head of a message takes at most {Array.MaxLength} bytes.");
        var larger = ArrayPool<byte>.Shared.Rent((int)Math.Clamp(_buffer.Length * 2L, Math.Max(wanted, FirstLength), Array.MaxLength));
        if (_buffer.Length > 0) _buffer.AsSpan(0, _position).CopyTo(larger);
        Release();
        _buffer = larger;
    }

    private void Release()
    {
        if (_buffer.Length > 0) ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
    }
}

/// <summary>A place in a frame that is being written.</summary>
internal readonly record struct FrameMark(int Position, int Payloads);
