using System.Buffers.Binary;
using System.Text;

namespace OrleansContrastive.Checkpoints.Tensors.PyTorch;

/// <summary>
/// Reads a pickle as data. A pickle is a program that may name any class and call it; here only what makes tensors and plain
/// containers is understood, by name, and everything else is refused: nothing of the file is ever executed.
/// </summary>
/// <remarks>Values are null, bool, long, double, string, <c>List</c>, <c>object[]</c> (a tuple), <c>Dictionary</c>, and those of
/// PickleValues.cs.</remarks>
internal sealed class PickleReader(ReadOnlyMemory<byte> pickle, string source)
{
    private const int MostValues = 10_000_000;

    private readonly List<object?> _stack = [];
    private readonly Dictionary<int, object?> _memo = [];
    private int _at;

    /// <summary>The value that the pickle describes.</summary>
    /// <exception cref="CheckpointException">It is broken, or asks for something other than tensors and plain containers.</exception>
    public object? Read()
    {
        while (true)
        {
            var code = (PickleCode)Byte();
            if (code == PickleCode.Stop) return Pop();
            Step(code);
            if (_stack.Count > MostValues || _memo.Count > MostValues) throw Fault($"it holds more than {MostValues} values");
        }
    }

    private void Step(PickleCode code)
    {
        switch (code)
        {
            case PickleCode.Protocol: Byte(); break;
            case PickleCode.Frame: Bytes(sizeof(long)); break;
            case PickleCode.Mark: _stack.Add(PickleMark.Instance); break;
            case PickleCode.Pop: Pop(); break;
            case PickleCode.PopMark: Marked(); break;
            case PickleCode.None: _stack.Add(null); break;
            case PickleCode.True: _stack.Add(true); break;
            case PickleCode.False: _stack.Add(false); break;
            case PickleCode.Int: _stack.Add((long)Word()); break;
            case PickleCode.Int1: _stack.Add((long)Byte()); break;
            case PickleCode.Int2: _stack.Add((long)BinaryPrimitives.ReadUInt16LittleEndian(Bytes(sizeof(ushort)))); break;
            case PickleCode.Long1: _stack.Add(Long(Byte())); break;
            case PickleCode.Float: _stack.Add(BinaryPrimitives.ReadDoubleBigEndian(Bytes(sizeof(double)))); break;
            case PickleCode.ShortString or PickleCode.ShortUnicode: _stack.Add(Text(Byte())); break;
            case PickleCode.Unicode: _stack.Add(Text(Word())); break;
            case PickleCode.EmptyTuple: _stack.Add(Array.Empty<object?>()); break;
            case PickleCode.Tuple1: _stack.Add(Last(1)); break;
            case PickleCode.Tuple2: _stack.Add(Last(2)); break;
            case PickleCode.Tuple3: _stack.Add(Last(3)); break;
            case PickleCode.Tuple: _stack.Add(Marked()); break;
            case PickleCode.EmptyList: _stack.Add(new List<object?>()); break;
            case PickleCode.List: _stack.Add(new List<object?>(Marked())); break;
            case PickleCode.EmptyDict: _stack.Add(new Dictionary<object, object?>()); break;
            case PickleCode.Append: AppendAll(Last(1)); break;
            case PickleCode.Appends: AppendAll(Marked()); break;
            case PickleCode.SetItem: SetAll(Last(2)); break;
            case PickleCode.SetItems: SetAll(Marked()); break;
            case PickleCode.Put: _memo[Byte()] = Top(); break;
            case PickleCode.LongPut: _memo[Word()] = Top(); break;
            case PickleCode.Memoize: _memo[_memo.Count] = Top(); break;
            case PickleCode.Get: _stack.Add(Remembered(Byte())); break;
            case PickleCode.LongGet: _stack.Add(Remembered(Word())); break;
            case PickleCode.Global: _stack.Add(new PickleGlobal(Line(), Line())); break;
            case PickleCode.StackGlobal: _stack.Add(Last(2) is [string module, string name] ? new PickleGlobal(module, name) : throw Fault("a name is no text")); break;
            case PickleCode.PersistentId: _stack.Add(Storage(Pop())); break;
            case PickleCode.Reduce: _stack.Add(Made()); break;
            case PickleCode.Build: Pop(); Top(); break; // A state dict's _metadata, which says nothing about tensors.
            default: throw Fault($"it holds the operation 0x{(byte)code:x2}, which files of plain tensors do not need");
        }
    }

    private object Made()
    {
        var (function, arguments) = Last(2) is [PickleGlobal global, object?[] given] ? (global, given) : throw Fault("it calls what is no function");
        return (function.ToString(), arguments) switch
        {
            ("collections.OrderedDict", []) => new Dictionary<object, object?>(),
            ("torch._utils._rebuild_tensor_v2", [PickleStorage storage, long offset, object?[] shape, object?[] strides, ..]) =>
                new PickleTensor(storage, offset, Numbers(shape), Numbers(strides)),
            ("torch._utils._rebuild_parameter", [PickleTensor tensor, ..]) => tensor,
            _ => throw Fault($"it calls {function}; only tensors and plain containers are read"),
        };
    }

    private object Storage(object? id) => id is object?[] and ["storage", PickleGlobal { Module: "torch" } kind, string key, string, long elements, ..]
        ? new PickleStorage(StorageTypes.TypeOf(kind.Name) ?? throw Fault($"it holds a {kind}, whose type is not known here"), key, elements)
        : throw Fault("a storage is not described as PyTorch does");

    private long[] Numbers(object?[] values) => [.. values.Select(value => value is long number ? number : throw Fault("a size is no number"))];

    private void AppendAll(object?[] values)
    {
        if (Top() is not List<object?> list) throw Fault("it appends to what is no list");
        list.AddRange(values);
    }

    private void SetAll(object?[] pairs)
    {
        if (Top() is not Dictionary<object, object?> dict || pairs.Length % 2 != 0) throw Fault("it sets items of what is no dict");
        for (var i = 0; i < pairs.Length; i += 2)
        {
            // Containers as keys are legal in Python only where they cannot change; no file of tensors has them.
            var key = pairs[i] is string or long or double or bool ? pairs[i]! : throw Fault("a key is neither a text nor a number");
            dict[key] = pairs[i + 1];
        }
    }

    private object?[] Marked()
    {
        var mark = _stack.LastIndexOf(PickleMark.Instance);
        if (mark < 0) throw Fault("a mark is missing");
        object?[] values = [.. _stack.Skip(mark + 1)];
        _stack.RemoveRange(mark, _stack.Count - mark);
        return values;
    }

    private object?[] Last(int count)
    {
        if (_stack.Count < count) throw Fault("its stack runs empty");
        object?[] values = [.. _stack.Skip(_stack.Count - count)];
        _stack.RemoveRange(_stack.Count - count, count);
        return values;
    }

    private object? Pop() => Last(1)[0];

    private object? Top() => _stack.Count > 0 ? _stack[^1] : throw Fault("its stack runs empty");

    private object? Remembered(int index) => _memo.TryGetValue(index, out var value) ? value : throw Fault($"it refers to value {index}, which is not there");

    private string Line()
    {
        var rest = pickle.Span[_at..];
        var end = rest.IndexOf((byte)'\n');
        if (end < 0) throw Fault("it ends within a name");
        _at += end + 1;
        return Encoding.UTF8.GetString(rest[..end]);
    }

    private long Long(int count)
    {
        if (count > sizeof(long)) throw Fault($"it holds a number of {count} bytes");
        var bytes = Bytes(count);
        var number = count > 0 && (bytes[^1] & 0x80) != 0 ? -1L : 0;
        for (var i = count - 1; i >= 0; i--) number = (number << 8) | bytes[i];
        return number;
    }

    private string Text(int count) => Encoding.UTF8.GetString(Bytes(count));

    private int Word() => BinaryPrimitives.ReadInt32LittleEndian(Bytes(sizeof(int)));

    private byte Byte() => Bytes(1)[0];

    private ReadOnlySpan<byte> Bytes(int count)
    {
        if (count < 0 || count > pickle.Length - _at) throw Fault($"it ends at byte {pickle.Length}, within a value");
        _at += count;
        return pickle.Span.Slice(_at - count, count);
    }

    private CheckpointException Fault(string detail) => new($"{source} cannot be read as tensors: {detail} (at byte {_at} of its pickle).");
}
