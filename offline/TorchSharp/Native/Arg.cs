using System.Text;

namespace TorchSharp.Native;

/// <summary>
/// One argument of an operator, on the caller's stack. Lists keep a reference to the caller's array and are copied into
/// the call's scratch memory, so nothing is pinned and nothing is allocated.
/// </summary>
internal readonly struct Arg
{
    private readonly object? _reference;
    private readonly long _first;
    private readonly long _second;
    private readonly ValueTag _tag;
    private readonly int _inline;

    private Arg(ValueTag tag, object? reference, long first = 0, long second = 0, int inline = 0)
    {
        (_tag, _reference, _first, _second, _inline) = (tag, reference, first, second, inline);
    }

    public static Arg None => default;

    /// <summary>A list of two integers without an array.</summary>
    public static Arg Pair(long first, long second) => new(ValueTag.IntList, null, first, second, 2);

    /// <summary>A list of one integer without an array.</summary>
    public static Arg One(long value) => new(ValueTag.IntList, null, value, 0, 1);

    public static Arg Bools(bool[] values) => new(ValueTag.BoolList, values);

    public static implicit operator Arg(torch.Tensor? value) => value is null ? None : new(ValueTag.Tensor, value);
    public static implicit operator Arg(long value) => new(ValueTag.Int, null, value);
    public static implicit operator Arg(long? value) => value is { } v ? v : None;
    public static implicit operator Arg(double value) => new(ValueTag.Double, null, BitConverter.DoubleToInt64Bits(value));
    public static implicit operator Arg(double? value) => value is { } v ? v : None;
    public static implicit operator Arg(bool value) => new(ValueTag.Bool, null, value ? 1 : 0);
    public static implicit operator Arg(Scalar? value) => value is null ? None : value.ToArg();
    public static implicit operator Arg(torch.ScalarType value) => (long)value;
    public static implicit operator Arg(torch.ScalarType? value) => value is { } v ? (long)v : None;
    public static implicit operator Arg(torch.Device? value) => value is null ? None : new(ValueTag.Device, null, value.Packed);
    public static implicit operator Arg(long[]? value) => value is null ? None : new(ValueTag.IntList, value);
    public static implicit operator Arg(double[]? value) => value is null ? None : new(ValueTag.DoubleList, value);
    public static implicit operator Arg(torch.Tensor?[] value) => new(ValueTag.TensorList, value);
    public static implicit operator Arg(string? value) => value is null ? None : new(ValueTag.String, value);

    /// <summary>How many 8-byte words of scratch memory the argument takes.</summary>
    public int Words => _tag switch
    {
        ValueTag.IntList => _reference is long[] list ? list.Length : _inline,
        ValueTag.DoubleList => ((double[])_reference!).Length,
        ValueTag.BoolList => ((bool[])_reference!).Length,
        ValueTag.TensorList => ((torch.Tensor?[])_reference!).Length,
        ValueTag.String => (Encoding.UTF8.GetMaxByteCount(((string)_reference!).Length) + 7) / 8,
        _ => 0,
    };

    /// <summary>Writes the argument and takes a use of every tensor in it, which <see cref="Release"/> gives back.</summary>
    public unsafe void Write(NativeValue* target, ref long* scratch)
    {
        target->Tag = _tag;
        target->Length = 0;
        switch (_tag)
        {
            case ValueTag.Tensor:
                target->Pointer = (void*)((torch.Tensor)_reference!).Acquire();
                break;
            case ValueTag.IntList when _reference is long[] list:
                list.AsSpan().CopyTo(new Span<long>(scratch, list.Length));
                Advance(target, ref scratch, list.Length, list.Length);
                break;
            case ValueTag.IntList:
                scratch[0] = _first;
                scratch[1] = _second;
                Advance(target, ref scratch, _inline, _inline);
                break;
            case ValueTag.DoubleList:
                var reals = (double[])_reference!;
                reals.AsSpan().CopyTo(new Span<double>(scratch, reals.Length));
                Advance(target, ref scratch, reals.Length, reals.Length);
                break;
            case ValueTag.BoolList:
                var flags = (bool[])_reference!;
                for (var i = 0; i < flags.Length; i++) scratch[i] = flags[i] ? 1 : 0;
                Advance(target, ref scratch, flags.Length, flags.Length);
                break;
            case ValueTag.TensorList:
                var tensors = (torch.Tensor?[])_reference!;
                TensorSpan.Acquire(tensors, (nint*)scratch);
                Advance(target, ref scratch, tensors.Length, tensors.Length);
                break;
            case ValueTag.String:
                var text = (string)_reference!;
                var bytes = Encoding.UTF8.GetBytes(text, new Span<byte>(scratch, Encoding.UTF8.GetMaxByteCount(text.Length)));
                Advance(target, ref scratch, bytes, (bytes + 7) / 8);
                break;
            default:
                target->Integer = _first;
                break;
        }
    }

    public void Release()
    {
        if (_tag == ValueTag.Tensor) ((torch.Tensor)_reference!).Release();
        else if (_tag == ValueTag.TensorList) TensorSpan.Release((torch.Tensor?[])_reference!);
    }

    private static unsafe void Advance(NativeValue* target, ref long* scratch, int length, int words)
    {
        target->Length = length;
        target->Pointer = scratch;
        scratch += words;
    }
}
