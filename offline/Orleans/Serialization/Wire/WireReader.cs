using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using Orleans.Runtime;

namespace Orleans.Serialization;

/// <summary>
/// Reads the values of one message from the head of a frame that nobody vouches for: every length is checked against what is
/// left before anything is allocated. Kept by thread.
/// </summary>
internal sealed partial class WireReader
{
    private const int MostVarInt = 10;

    [ThreadStatic]
    private static WireReader? _spare;

    private byte[] _buffer = [];
    private int _begin;
    private int _position;
    private int _end;
    private bool _isCopy;
    private int _depth;
    private long _promised;
    private IReadOnlyList<byte[]> _payloads = [];

    public WireTypes Types { get; private set; } = null!;

    public ReferenceFactory References { get; private set; } = null!;

    /// <summary>Bytes that are left.</summary>
    public int Left => _end - _position;

    public static WireReader Rent(in ReadOnlySequence<byte> head, IReadOnlyList<byte[]> payloads, WireTypes types, ReferenceFactory references)
    {
        var reader = _spare ?? new WireReader();
        _spare = null;
        reader.Types = types;
        reader.References = references;
        reader._payloads = payloads;
        reader.Take(head);
        return reader;
    }

    public static void Return(WireReader reader)
    {
        if (reader._isCopy) ArrayPool<byte>.Shared.Return(reader._buffer);
        reader._isCopy = false;
        reader._buffer = [];
        reader._begin = reader._position = reader._end = reader._depth = 0;
        reader._promised = 0;
        reader._payloads = [];
        reader.ForgetObjects();
        reader.Types = null!;
        reader.References = null!;
        _spare = reader;
    }

    public byte ReadByte()
    {
        if (_position >= _end) throw Short(1);
        return _buffer[_position++];
    }

    public WireTag ReadTag()
    {
        _tagStart = _position;
        var head = ReadByte();
        var delta = (uint)(head & WireTag.LongDelta);
        head &= unchecked((byte)~WireTag.LongDelta);
        if ((WireKind)(head >> 5) == WireKind.Reference && (head & WireTag.Typed) != 0)
        {
            // The ends of objects and levels: no field has them.
            if (delta != 0) throw new WireFormatException("a tag", "an end without a field", $"0x{head | delta:x2}");
            return new WireTag(head, 0);
        }

        if (delta == WireTag.LongDelta) delta = ReadVarUInt32();
        return new WireTag(head, delta);
    }

    public ulong ReadVarUInt64()
    {
        var value = 0ul;
        for (var index = 0; index < MostVarInt; index++)
        {
            var part = ReadByte();
            value |= (ulong)(part & 0x7F) << (7 * index);
            if (part < 0x80)
            {
                if (index == MostVarInt - 1 && part > 1) break;
                return value;
            }
        }

        throw new WireFormatException("an integer", "at most 64 bits", "more");
    }

    public uint ReadVarUInt32()
    {
        var value = ReadVarUInt64();
        return value <= uint.MaxValue ? (uint)value : throw new WireFormatException("an integer", "at most 32 bits", $"{value}");
    }

    public uint ReadUInt32() => BinaryPrimitives.ReadUInt32LittleEndian(ReadRaw(sizeof(uint)));

    public ulong ReadUInt64() => BinaryPrimitives.ReadUInt64LittleEndian(ReadRaw(sizeof(ulong)));

    /// <summary>So many bytes, in the reader's buffer.</summary>
    public ReadOnlySpan<byte> ReadRaw(int count)
    {
        if ((uint)count > (uint)Left) throw Short(count);
        var bytes = new ReadOnlySpan<byte>(_buffer, _position, count);
        _position += count;
        return bytes;
    }

    /// <summary>The bytes after a length, in the reader's buffer.</summary>
    public ReadOnlySpan<byte> ReadBytes()
    {
        var length = ReadVarUInt32();
        if (length > (uint)Left) throw Short(length);
        return ReadRaw((int)length);
    }

    /// <summary>The text after a length.</summary>
    public string ReadText() => Encoding.UTF8.GetString(ReadBytes());

    /// <summary>The number of values that follow. Each takes a byte of its own at least, so that all numbers of a message have a limit.</summary>
    public int ReadCount()
    {
        var count = ReadVarUInt32();
        if (count > (uint)Left) throw Short(count);
        _promised += count;
        if (_promised > (MostReadAgain + 1) * (long)(_end - _begin)) throw new WireFormatException("the numbers of values", $"at most {_end - _begin} in all", "more");
        return (int)count;
    }

    /// <summary>Memory that nobody else has.</summary>
    public byte[] ReadMemory(WireTag tag, Type type)
    {
        if (tag.Kind == WireKind.Payload) return ReadPayload();
        Expect(tag, WireKind.Bytes, type);
        return ReadBytes().ToArray();
    }

    /// <exception cref="WireFormatException">The value is of another kind, or says another type.</exception>
    public static void Expect(WireTag tag, WireKind kind, Type type)
    {
        if (tag.Kind != kind || tag.IsTyped) throw new WireFormatException($"a {type}", $"{kind}", tag.IsTyped ? $"{tag} of another type" : $"{tag}");
    }

    /// <exception cref="WireFormatException">Something follows what was read.</exception>
    public void ExpectEnd()
    {
        if (Left > 0) throw new WireFormatException("a message", "its end", $"{Left} more bytes");
    }

    /// <summary>Goes into an object or a sequence; <see cref="Leave"/> goes out.</summary>
    public void Enter()
    {
        if (++_depth > WireWriter.MostDepth) throw new WireFormatException("an object", $"a depth of at most {WireWriter.MostDepth}", "more");
    }

    public void Leave() => _depth--;

    /// <summary>Passes over the value of the tag that was just read; what it holds can still be referred to.</summary>
    public void Skip(WireTag tag)
    {
        if (tag.Kind == WireKind.Reference)
        {
            if (!tag.IsNull) ReadVarUInt32();
            return;
        }

        if (tag.IsTracked) ReserveSkipped();
        if (tag.IsTyped) Types.SkipToken(this);
        switch (tag.Kind)
        {
            case WireKind.VarInt:
                ReadVarUInt64();
                break;
            case WireKind.Fixed32:
                ReadRaw(sizeof(uint));
                break;
            case WireKind.Fixed64:
                ReadRaw(sizeof(ulong));
                break;
            case WireKind.Bytes:
                ReadBytes();
                break;
            case WireKind.Payload:
                ReadPayload();
                break;
            case WireKind.Object:
                Enter();
                SkipFields();
                Leave();
                break;
            default:
                Enter();
                for (var left = ReadCount(); left > 0; left--) SkipNext();
                Leave();
                break;
        }
    }

    /// <summary>Passes over the fields of an object up to its end.</summary>
    public void SkipFields()
    {
        while (true)
        {
            var tag = ReadTag();
            if (tag.IsEnd) return;
            if (!tag.IsEndBase) Skip(tag);
        }
    }

    private void SkipNext()
    {
        var tag = ReadTag();
        if (tag.IsEnd || tag.IsEndBase) throw new WireFormatException("a sequence", "a value", tag.ToString());
        Skip(tag);
    }

    private byte[] ReadPayload()
    {
        var index = ReadVarUInt32();
        return index < (uint)_payloads.Count
            ? _payloads[(int)index]
            : throw new WireFormatException("the index of a payload", $"less than {_payloads.Count}", $"{index}");
    }

    private void Take(in ReadOnlySequence<byte> head)
    {
        if (head.IsSingleSegment && MemoryMarshal.TryGetArray(head.First, out var segment))
        {
            _buffer = segment.Array ?? [];
            _begin = _position = segment.Offset;
            _end = segment.Offset + segment.Count;
            return;
        }

        _end = checked((int)head.Length);
        _buffer = ArrayPool<byte>.Shared.Rent(_end);
        _isCopy = true;
        _begin = _position = 0;
        head.CopyTo(_buffer);
    }

    private WireFormatException Short(long wanted) => new("the rest of a message", $"at least {wanted} bytes", $"{Left}");
}
