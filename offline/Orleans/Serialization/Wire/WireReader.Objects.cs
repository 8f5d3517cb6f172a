namespace Orleans.Serialization;

/// <summary>The objects of a message in the order in which they began, for those that are referred to later.</summary>
internal sealed partial class WireReader
{
    private const int FirstObjects = 16;
    private const int MostKeptObjects = 256;
    private const int MostReadAgain = 4;

    private Slot[] _objects = new Slot[FirstObjects];
    private int _objectCount;
    private int _nextObject;
    private int _tagStart;
    private long _readAgain;

    /// <summary>Gives the object that begins here its number. -1 where nobody will refer to it.</summary>
    public int Reserve(WireTag tag)
    {
        if (!tag.IsTracked) return -1;
        var index = _nextObject++;
        if (index == _objectCount) AddSlot();
        _objects[index] = default;
        return index;
    }

    /// <summary>The object of a number from <see cref="Reserve"/> exists now, though perhaps without its members.</summary>
    public void Set(int index, object value)
    {
        if (index >= 0) _objects[index].Value = value;
    }

    /// <summary>The object that a reference stands for.</summary>
    /// <exception cref="WireFormatException">There is none, or it is no <typeparamref name="T"/>.</exception>
    public T ReadReference<T>(Codec<T?> codec) where T : class
    {
        var index = ReadVarUInt32();
        if (index >= (uint)_objectCount) throw new WireFormatException("a reference", $"one of {_objectCount} objects", $"{index}");
        if (_objects[index] is { Value: null, SkippedAt: > 0 } skipped) return ReadSkipped(codec, (int)index, skipped.SkippedAt - 1);
        return _objects[index].Value is T known
            ? known
            : throw new WireFormatException("a reference", $"a {typeof(T)}", _objects[index].Value?.GetType().ToString() ?? "an object that is not made yet");
    }

    // It was passed over with a field that is not known here, and is wanted after all: read it where it lies.
    private T ReadSkipped<T>(Codec<T?> codec, int index, int start) where T : class
    {
        var (position, next) = (_position, _nextObject);
        Enter();
        _position = start;
        _nextObject = index;
        var value = codec.Read(this, ReadTag());
        _readAgain += _position - start;
        if (_readAgain > MostReadAgain * (long)(_end - _begin)) throw new WireFormatException("references", $"to read at most {MostReadAgain} times over", "more");
        _position = position;
        _nextObject = next;
        Leave();
        return value!;
    }

    private void ReserveSkipped()
    {
        var index = _nextObject++;
        if (index == _objectCount) AddSlot();
        _objects[index] = new Slot { SkippedAt = _tagStart + 1 };
    }

    private void AddSlot()
    {
        if (_objectCount == _objects.Length) Array.Resize(ref _objects, _objects.Length * 2);
        _objectCount++;
    }

    private void ForgetObjects()
    {
        if (_objects.Length > MostKeptObjects) _objects = new Slot[FirstObjects];
        else Array.Clear(_objects, 0, _objectCount);
        _objectCount = _nextObject = 0;
        _readAgain = 0;
    }

    private struct Slot
    {
        public object? Value;

        // One more than where its tag lies, so that 0 says that it was not passed over.
        public int SkippedAt;
    }
}
