namespace Orleans.Serialization;

/// <summary>Classes that say how they travel, and reference tuples.</summary>
internal sealed class ClassCodec<T>(List<TravellingMember> members) : ReferenceCodec<T>
    where T : class
{
    private readonly MemberCodec<T> _members = new(members);
    private readonly Func<T> _create = InstanceEmitter.Compile<T>();

    protected override bool IsTracked { get; } = !typeof(T).IsDefined(typeof(SuppressReferenceTrackingAttribute), inherit: false);

    protected override void WriteBody(WireWriter writer, uint delta, T value)
    {
        writer.BeginObject(delta, IsTracked);
        _members.Write(writer, ref value);
        writer.EndObject();
    }

    protected override T ReadBody(WireReader reader, WireTag tag)
    {
        var index = reader.Reserve(tag);
        WireReader.Expect(tag, WireKind.Object, typeof(T));
        reader.Enter();
        var value = _create();
        reader.Set(index, value);
        _members.Read(reader, ref value);
        reader.Leave();
        return value;
    }
}

/// <summary>Structs that say how they travel, and tuples.</summary>
internal sealed class StructCodec<T>(List<TravellingMember> members) : ValueCodec<T>
    where T : struct
{
    private readonly MemberCodec<T> _members = new(members);

    public override void Write(WireWriter writer, uint delta, T value)
    {
        writer.BeginObject(delta, false);
        _members.Write(writer, ref value);
        writer.EndObject();
    }

    public override T Read(WireReader reader, WireTag tag)
    {
        WireReader.Expect(tag, WireKind.Object, typeof(T));
        reader.Enter();
        var value = default(T);
        _members.Read(reader, ref value);
        reader.Leave();
        return value;
    }
}

/// <summary>Places that only say a base class, an interface or nothing: each value tells its own type.</summary>
internal sealed class AnyCodec<T> : ReferenceCodec<T>
    where T : class
{
    // Nothing but an object: its members are none.
    protected override void WriteBody(WireWriter writer, uint delta, T value)
    {
        if (typeof(T) != typeof(object)) throw CodecFactory.NotFound(typeof(T));
        writer.BeginObject(delta, true);
        writer.EndObject();
    }

    protected override T ReadBody(WireReader reader, WireTag tag)
    {
        if (typeof(T) != typeof(object)) throw new WireFormatException($"a {typeof(T)}", "a value that tells its type", $"{tag} without one");
        var index = reader.Reserve(tag);
        WireReader.Expect(tag, WireKind.Object, typeof(object));
        reader.Enter();
        reader.SkipFields();
        reader.Leave();
        var value = new object();
        reader.Set(index, value);
        return (T)value;
    }
}
