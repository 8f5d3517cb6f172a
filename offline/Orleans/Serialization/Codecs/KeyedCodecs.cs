namespace Orleans.Serialization;

/// <summary>
/// Collections that compare their items. With the usual comparer they are a sequence; else an object of the comparer's number and
/// that sequence.
/// </summary>
internal abstract class KeyedCodec<TCollection> : ReferenceCodec<TCollection>
    where TCollection : class
{
    protected sealed override void WriteBody(WireWriter writer, uint delta, TCollection value)
    {
        var comparer = NumberOf(value);
        if (comparer == 0)
        {
            WriteItems(writer, delta, true, value);
            return;
        }

        writer.BeginObject(delta, true);
        CodecOf<int>.Write(writer, 0, comparer);
        WriteItems(writer, 1, false, value);
        writer.EndObject();
    }

    protected sealed override TCollection ReadBody(WireReader reader, WireTag tag)
    {
        var index = reader.Reserve(tag);
        if (tag.Kind == WireKind.Sequence) return ReadItems(reader, tag, index, 0);
        WireReader.Expect(tag, WireKind.Object, typeof(TCollection));
        reader.Enter();
        var comparer = CodecOf<int>.Read(reader, reader.ReadTag());
        var value = ReadItems(reader, reader.ReadTag(), index, comparer);
        reader.SkipFields();
        reader.Leave();
        return value;
    }

    /// <summary>The number of values that are written for a collection.</summary>
    protected abstract int Count(TCollection value);

    protected abstract int NumberOf(TCollection value);

    protected abstract void WriteItems(WireWriter writer, TCollection value);

    protected abstract TCollection Create(int count, int comparer);

    protected abstract void ReadItems(WireReader reader, TCollection value, int count);

    private void WriteItems(WireWriter writer, uint delta, bool isTracked, TCollection value)
    {
        writer.BeginSequence(delta, isTracked, Count(value));
        WriteItems(writer, value);
        writer.EndSequence();
    }

    private TCollection ReadItems(WireReader reader, WireTag tag, int index, int comparer)
    {
        WireReader.Expect(tag, WireKind.Sequence, typeof(TCollection));
        var count = reader.ReadCount();
        reader.Enter();
        var value = Create(count, comparer);
        reader.Set(index, value);
        ReadItems(reader, value, count);
        reader.Leave();
        return value;
    }
}

/// <summary>Numbers of the comparers that can travel.</summary>
internal static class Comparers
{
    private const int Ordinal = 1;
    private const int OrdinalIgnoreCase = 2;

    public static int NumberOf<T>(IEqualityComparer<T> comparer, Type type)
    {
        if (comparer.Equals(EqualityComparer<T>.Default)) return 0;
        if (comparer.Equals(StringComparer.Ordinal)) return Ordinal;
        return comparer.Equals(StringComparer.OrdinalIgnoreCase) ? OrdinalIgnoreCase : throw Refuse(comparer, type);
    }

    public static int NumberOf<T>(IComparer<T> comparer, Type type)
    {
        if (comparer.Equals(Comparer<T>.Default)) return 0;
        if (comparer.Equals(StringComparer.Ordinal)) return Ordinal;
        return comparer.Equals(StringComparer.OrdinalIgnoreCase) ? OrdinalIgnoreCase : throw Refuse(comparer, type);
    }

    /// <summary>The comparer of a number; null for the usual one.</summary>
    public static StringComparer? Of<T>(int number) => number switch
    {
        0 => null,
        Ordinal when typeof(T) == typeof(string) => StringComparer.Ordinal,
        OrdinalIgnoreCase when typeof(T) == typeof(string) => StringComparer.OrdinalIgnoreCase,
        _ => throw new WireFormatException("a comparer", $"one of {typeof(T)}", $"number {number}"),
    };

    private static CodecNotFoundException Refuse(object comparer, Type type) =>
        new($"Could not find a codec for the comparer {comparer.GetType()} of a {type}: expected the default one or an ordinal StringComparer.");
}

/// <summary>Dictionaries: each key before its value.</summary>
internal sealed class DictionaryCodec<TKey, TValue> : KeyedCodec<Dictionary<TKey, TValue>>
    where TKey : notnull
{
    protected override int Count(Dictionary<TKey, TValue> value) => checked(value.Count * 2);

    protected override int NumberOf(Dictionary<TKey, TValue> value) => Comparers.NumberOf(value.Comparer, value.GetType());

    protected override void WriteItems(WireWriter writer, Dictionary<TKey, TValue> value)
    {
        foreach (var (key, item) in value)
        {
            CodecOf<TKey>.Write(writer, 0, key);
            CodecOf<TValue>.Write(writer, 0, item);
        }
    }

    protected override Dictionary<TKey, TValue> Create(int count, int comparer) =>
        new(count / 2, (IEqualityComparer<TKey>?)(object?)Comparers.Of<TKey>(comparer));

    protected override void ReadItems(WireReader reader, Dictionary<TKey, TValue> value, int count) =>
        Pairs<TKey, TValue>.Read(reader, count, value.TryAdd);
}

/// <summary>Sorted dictionaries: each key before its value.</summary>
internal sealed class SortedDictionaryCodec<TKey, TValue> : KeyedCodec<SortedDictionary<TKey, TValue>>
    where TKey : notnull
{
    protected override int Count(SortedDictionary<TKey, TValue> value) => checked(value.Count * 2);

    protected override int NumberOf(SortedDictionary<TKey, TValue> value) => Comparers.NumberOf(value.Comparer, value.GetType());

    protected override void WriteItems(WireWriter writer, SortedDictionary<TKey, TValue> value)
    {
        foreach (var (key, item) in value)
        {
            CodecOf<TKey>.Write(writer, 0, key);
            CodecOf<TValue>.Write(writer, 0, item);
        }
    }

    protected override SortedDictionary<TKey, TValue> Create(int count, int comparer) =>
        new((IComparer<TKey>?)(object?)Comparers.Of<TKey>(comparer));

    protected override void ReadItems(WireReader reader, SortedDictionary<TKey, TValue> value, int count) =>
        Pairs<TKey, TValue>.Read(reader, count, ((IDictionary<TKey, TValue>)value).TryAdd);
}

internal sealed class SetCodec<T> : KeyedCodec<HashSet<T>>
{
    protected override int Count(HashSet<T> value) => value.Count;

    protected override int NumberOf(HashSet<T> value) => Comparers.NumberOf(value.Comparer, value.GetType());

    protected override void WriteItems(WireWriter writer, HashSet<T> value)
    {
        foreach (var item in value) CodecOf<T>.Write(writer, 0, item);
    }

    protected override HashSet<T> Create(int count, int comparer) => new(count, (IEqualityComparer<T>?)(object?)Comparers.Of<T>(comparer));

    protected override void ReadItems(WireReader reader, HashSet<T> value, int count)
    {
        for (; count > 0; count--) value.Add(CodecOf<T>.Read(reader, reader.ReadTag()));
    }
}

/// <summary>Keys with their values.</summary>
internal static class Pairs<TKey, TValue>
    where TKey : notnull
{
    public static void Read(WireReader reader, int count, Func<TKey, TValue, bool> add)
    {
        if (count % 2 != 0) throw new WireFormatException("a dictionary", "as many values as keys", $"{count} in all");
        for (; count > 0; count -= 2)
        {
            var key = CodecOf<TKey>.Read(reader, reader.ReadTag()) ?? throw new WireFormatException("a dictionary", "a key", "null");
            if (!add(key, CodecOf<TValue>.Read(reader, reader.ReadTag()))) throw new WireFormatException("a dictionary", "a key once", $"{key} twice");
        }
    }
}
