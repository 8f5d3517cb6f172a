namespace Orleans.Serialization;

/// <summary>Writes and reads values of one type, given as objects.</summary>
internal abstract class Codec
{
    /// <summary>Writes a value of exactly this type, for a place that expects another and announced it.</summary>
    public abstract void WriteBoxed(WireWriter writer, uint delta, object value);

    /// <summary>Reads what <see cref="WriteBoxed"/> wrote; the type token was read before.</summary>
    public abstract object ReadBoxed(WireReader reader, WireTag tag);
}

/// <summary>Writes and reads values of one declared type. Made once per process, safe for threads.</summary>
internal abstract class Codec<T> : Codec
{
    /// <summary>Writes a value with its tag.</summary>
    /// <exception cref="CodecNotFoundException">The value's own type may not travel.</exception>
    public abstract void Write(WireWriter writer, uint delta, T value);

    /// <summary>Reads the value of a tag.</summary>
    /// <exception cref="WireFormatException">The bytes are no such value.</exception>
    public abstract T Read(WireReader reader, WireTag tag);
}

/// <summary>A type of values, which nobody refers to.</summary>
internal abstract class ValueCodec<T> : Codec<T>
    where T : struct
{
    public sealed override void WriteBoxed(WireWriter writer, uint delta, object value) => Write(writer, delta, (T)value);

    public sealed override object ReadBoxed(WireReader reader, WireTag tag) => Read(reader, tag);
}

/// <summary>
/// A type of objects: a value may be null, one that came before, or of a derived type.
/// </summary>
internal abstract class ReferenceCodec<T> : Codec<T?>
    where T : class
{
    /// <summary>Whether two places that hold the same object shall do so at the receiver.</summary>
    protected virtual bool IsTracked => true;

    /// <summary>Whether values of derived types are written as this one.</summary>
    protected virtual bool TakesDerived => false;

    public sealed override void Write(WireWriter writer, uint delta, T? value)
    {
        if (value is null) writer.Null(delta);
        else if (value.GetType() == typeof(T) || TakesDerived) WriteExact(writer, delta, value);
        else writer.WriteOther(delta, value);
    }

    public sealed override void WriteBoxed(WireWriter writer, uint delta, object value) => WriteExact(writer, delta, (T)value);

    public sealed override T? Read(WireReader reader, WireTag tag)
    {
        if (tag.Kind == WireKind.Reference) return tag.IsNull ? null : reader.ReadReference(this);
        return tag.IsTyped ? reader.ReadOther<T>(tag) : ReadBody(reader, tag);
    }

    public sealed override object ReadBoxed(WireReader reader, WireTag tag) => ReadBody(reader, tag);

    /// <summary>Writes tag and value.</summary>
    protected abstract void WriteBody(WireWriter writer, uint delta, T value);

    /// <summary>Reads the value of a tag; it is neither null nor a reference, nor of another type.</summary>
    protected abstract T ReadBody(WireReader reader, WireTag tag);

    private void WriteExact(WireWriter writer, uint delta, T value)
    {
        if (!IsTracked || !writer.TryReference(delta, value)) WriteBody(writer, delta, value);
    }
}
