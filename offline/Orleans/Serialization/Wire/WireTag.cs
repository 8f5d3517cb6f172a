namespace Orleans.Serialization;

/// <summary>What follows a tag. It is enough to skip a value whose type or field is not known.</summary>
internal enum WireKind : byte
{
    /// <summary>An integer in groups of seven bits, the lowest first; signed ones zigzag.</summary>
    VarInt = 0,

    /// <summary>Four bytes.</summary>
    Fixed32 = 1,

    /// <summary>Eight bytes.</summary>
    Fixed64 = 2,

    /// <summary>A length and so many bytes.</summary>
    Bytes = 3,

    /// <summary>The index of a payload of the frame.</summary>
    Payload = 4,

    /// <summary>Fields up to <see cref="WireTag.End"/>; <see cref="WireTag.EndBase"/> between the levels of a class.</summary>
    Object = 5,

    /// <summary>A count and so many values with tags.</summary>
    Sequence = 6,

    /// <summary>The number of an object of this message that came before.</summary>
    Reference = 7,
}

/// <summary>
/// The head of every value: its kind, whether a type token follows, whether it is an object that may be referred to later, and
/// by how much its field's id exceeds the one before (7 = a variable-length integer follows).
/// </summary>
internal readonly struct WireTag(byte head, uint delta)
{
    public const byte Typed = 0x10;
    public const byte Tracked = 0x08;
    public const byte LongDelta = 0x07;

    /// <summary>No value; takes a delta.</summary>
    public const byte Null = ((byte)WireKind.Reference << 5) | Tracked;

    /// <summary>Ends an object.</summary>
    public const byte End = ((byte)WireKind.Reference << 5) | Typed;

    /// <summary>Ends the fields of one level of a class; those of the class derived from it follow.</summary>
    public const byte EndBase = End | Tracked;

    public WireKind Kind => (WireKind)(head >> 5);

    public uint Delta => delta;

    public bool IsTyped => (head & Typed) != 0;

    public bool IsTracked => (head & Tracked) != 0;

    public bool IsNull => (head & ~LongDelta) == Null;

    public bool IsEnd => head == End;

    public bool IsEndBase => head == EndBase;

    /// <summary>The same, after its type token was read.</summary>
    public WireTag Untyped => new((byte)(head & ~Typed), delta);

    public override string ToString() => IsNull ? "null" : IsEnd ? "the end of an object" : IsEndBase ? "the end of a class level" : Kind.ToString();
}
