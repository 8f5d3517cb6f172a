using System.Runtime.CompilerServices;

namespace Orleans.Serialization;

/// <summary>
/// Writes the values of one message into the head of a frame. An object that occurs twice is written once and referred to after.
/// Kept by thread.
/// </summary>
internal sealed class WireWriter
{
    /// <summary>Objects nest no deeper than this.</summary>
    public const int MostDepth = 128;

    private const int Few = 16;

    [ThreadStatic]
    private static WireWriter? _spare;

    private readonly object?[] _few = new object?[Few];
    private Dictionary<object, uint>? _many;
    private uint _count;
    private int _depth;
    private Type? _announced;

    public FrameWriter Frame { get; private set; } = null!;

    public WireTypes Types { get; private set; } = null!;

    public static WireWriter Rent(FrameWriter frame, WireTypes types)
    {
        var writer = _spare ?? new WireWriter();
        _spare = null;
        writer.Frame = frame;
        writer.Types = types;
        return writer;
    }

    public static void Return(WireWriter writer)
    {
        Array.Clear(writer._few, 0, (int)Math.Min(writer._count, Few));
        writer._many = null;
        writer._count = 0;
        writer._depth = 0;
        writer._announced = null;
        writer.Frame = null!;
        writer.Types = null!;
        _spare = writer;
    }

    /// <summary>The next tag tells this type, since the reader expects another.</summary>
    public void Announce(Type type) => _announced = type;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Tag(WireKind kind, uint delta, bool isTracked = false)
    {
        var head = (byte)(((int)kind << 5) | (isTracked ? WireTag.Tracked : 0));
        if (_announced is null && delta < WireTag.LongDelta) Frame.WriteByte((byte)(head | delta));
        else RareTag(head, delta);
    }

    public void Null(uint delta)
    {
        if (delta < WireTag.LongDelta) Frame.WriteByte((byte)(WireTag.Null | delta));
        else RareTag(WireTag.Null, delta);
    }

    /// <summary>Begins the fields of an object that can be referred to if <paramref name="isTracked"/>.</summary>
    /// <exception cref="SerializerException">Objects nest too deep.</exception>
    public void BeginObject(uint delta, bool isTracked)
    {
        Enter();
        Tag(WireKind.Object, delta, isTracked);
    }

    public void EndBase() => Frame.WriteByte(WireTag.EndBase);

    public void EndObject()
    {
        Frame.WriteByte(WireTag.End);
        _depth--;
    }

    /// <summary>Begins so many values with tags (of delta 0).</summary>
    /// <exception cref="SerializerException">Objects nest too deep.</exception>
    public void BeginSequence(uint delta, bool isTracked, int count)
    {
        Enter();
        Tag(WireKind.Sequence, delta, isTracked);
        Frame.WriteVarUInt64((uint)count);
    }

    public void EndSequence() => _depth--;

    /// <summary>Memory of the sender: sent from where it is when it is large, else copied into the head.</summary>
    public void Memory(uint delta, bool isTracked, ReadOnlyMemory<byte> memory)
    {
        if (memory.Length >= FrameFormat.SmallestPayload && Frame.PayloadCount < FrameFormat.MostPayloads)
        {
            Tag(WireKind.Payload, delta, isTracked);
            Frame.WriteVarUInt64((uint)Frame.Borrow(memory));
            return;
        }

        Tag(WireKind.Bytes, delta, isTracked);
        Frame.WriteBytes(memory.Span);
    }

    /// <summary>Writes a reference to an object that came before, or remembers this one and says false.</summary>
    public bool TryReference(uint delta, object value)
    {
        var known = Math.Min(_count, Few);
        for (var index = 0u; index < known; index++)
        {
            if (!ReferenceEquals(_few[index], value)) continue;
            Reference(delta, index);
            return true;
        }

        if (_many is not null && _many.TryGetValue(value, out var later))
        {
            Reference(delta, later);
            return true;
        }

        if (_count < Few) _few[_count] = value;
        else (_many ??= new Dictionary<object, uint>(ReferenceEqualityComparer.Instance)).Add(value, _count);
        _count++;
        return false;
    }

    private void Reference(uint delta, uint index)
    {
        _announced = null;
        Tag(WireKind.Reference, delta);
        Frame.WriteVarUInt64(index);
    }

    private void RareTag(byte head, uint delta)
    {
        var announced = _announced;
        _announced = null;
        if (announced is not null) head |= WireTag.Typed;
        Frame.WriteByte((byte)(head | Math.Min(delta, WireTag.LongDelta)));
        if (delta >= WireTag.LongDelta) Frame.WriteVarUInt64(delta);
        if (announced is not null) Frame.WriteRaw(Types.TokenOf(announced));
    }

    private void Enter()
    {
        if (++_depth > MostDepth) throw new SerializerException($"A message nests deeper than {MostDepth} objects and cannot travel.");
    }
}
