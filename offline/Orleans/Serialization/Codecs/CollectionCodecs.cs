namespace Orleans.Serialization;

/// <summary>Collections whose items are written one after the other.</summary>
internal abstract class SequenceCodec<TCollection, T> : ReferenceCodec<TCollection>
    where TCollection : class
{
    protected sealed override void WriteBody(WireWriter writer, uint delta, TCollection value)
    {
        writer.BeginSequence(delta, true, Count(value));
        WriteItems(writer, value);
        writer.EndSequence();
    }

    protected sealed override TCollection ReadBody(WireReader reader, WireTag tag)
    {
        var index = reader.Reserve(tag);
        WireReader.Expect(tag, WireKind.Sequence, typeof(TCollection));
        var count = reader.ReadCount();
        reader.Enter();
        var value = Create(count);
        reader.Set(index, value);
        ReadItems(reader, value, count);
        reader.Leave();
        return value;
    }

    protected abstract int Count(TCollection value);

    protected abstract void WriteItems(WireWriter writer, TCollection value);

    protected abstract TCollection Create(int count);

    protected abstract void ReadItems(WireReader reader, TCollection value, int count);

    protected static T ReadItem(WireReader reader) => CodecOf<T>.Read(reader, reader.ReadTag());
}

internal sealed class ArrayCodec<T> : SequenceCodec<T[], T>
{
    protected override int Count(T[] value) => value.Length;

    protected override void WriteItems(WireWriter writer, T[] value)
    {
        foreach (var item in value) CodecOf<T>.Write(writer, 0, item);
    }

    protected override T[] Create(int count) => count == 0 ? [] : new T[count];

    protected override void ReadItems(WireReader reader, T[] value, int count)
    {
        for (var index = 0; index < value.Length; index++) value[index] = ReadItem(reader);
    }
}

internal sealed class ListCodec<T> : SequenceCodec<List<T>, T>
{
    protected override int Count(List<T> value) => value.Count;

    protected override void WriteItems(WireWriter writer, List<T> value)
    {
        foreach (var item in value) CodecOf<T>.Write(writer, 0, item);
    }

    protected override List<T> Create(int count) => new(count);

    protected override void ReadItems(WireReader reader, List<T> value, int count)
    {
        for (; count > 0; count--) value.Add(ReadItem(reader));
    }
}

internal sealed class QueueCodec<T> : SequenceCodec<Queue<T>, T>
{
    protected override int Count(Queue<T> value) => value.Count;

    protected override void WriteItems(WireWriter writer, Queue<T> value)
    {
        foreach (var item in value) CodecOf<T>.Write(writer, 0, item);
    }

    protected override Queue<T> Create(int count) => new(count);

    protected override void ReadItems(WireReader reader, Queue<T> value, int count)
    {
        for (; count > 0; count--) value.Enqueue(ReadItem(reader));
    }
}

/// <summary>Stacks, the lowest item first.</summary>
internal sealed class StackCodec<T> : SequenceCodec<Stack<T>, T>
{
    protected override int Count(Stack<T> value) => value.Count;

    protected override void WriteItems(WireWriter writer, Stack<T> value)
    {
        foreach (var item in value.Reverse()) CodecOf<T>.Write(writer, 0, item);
    }

    protected override Stack<T> Create(int count) => new(count);

    protected override void ReadItems(WireReader reader, Stack<T> value, int count)
    {
        for (; count > 0; count--) value.Push(ReadItem(reader));
    }
}

/// <summary>Optional values.</summary>
internal sealed class NullableCodec<T> : Codec<T?>
    where T : struct
{
    public override void Write(WireWriter writer, uint delta, T? value)
    {
        if (value is { } some) CodecOf<T>.Write(writer, delta, some);
        else writer.Null(delta);
    }

    public override T? Read(WireReader reader, WireTag tag) => tag.IsNull ? null : CodecOf<T>.Read(reader, tag);

    // A boxed optional value is a boxed value, so nobody comes here with another.
    public override void WriteBoxed(WireWriter writer, uint delta, object value) => CodecOf<T>.Write(writer, delta, (T)value);

    public override object ReadBoxed(WireReader reader, WireTag tag) => CodecOf<T>.Read(reader, tag);
}
