using System.Buffers.Binary;
using System.Text;

namespace OrleansContrastive.Checkpoints.Tensors.PyTorch;

/// <summary>
/// Writes the part of Python's pickle format (protocol 2) that a state dict needs: an ordered dict of names to tensors whose
/// numbers lie beside the pickle, each under the number of its storage.
/// </summary>
internal sealed class PickleWriter
{
    private readonly MemoryStream _stream = new();

    /// <summary>The pickle of a state dict; tensor i refers to storage i.</summary>
    public static byte[] StateDict(IReadOnlyList<NamedTensor> tensors)
    {
        var pickle = new PickleWriter();
        pickle.Code(PickleCode.Protocol).Byte(2);
        pickle.EmptyOrderedDict();
        pickle.Code(PickleCode.Mark);
        for (var i = 0; i < tensors.Count; i++)
        {
            pickle.Text(tensors[i].Name);
            pickle.Tensor(tensors[i], i);
        }

        pickle.Code(PickleCode.SetItems).Code(PickleCode.Stop);
        return pickle._stream.ToArray();
    }

    // torch._utils._rebuild_tensor_v2(storage, offset, size, stride, requires_grad, hooks)
    private void Tensor(NamedTensor tensor, int storage)
    {
        var elements = NamedTensor.ByteCount(tensor.Shape, tensor.Type) / tensor.Type.Size();
        Global("torch._utils", "_rebuild_tensor_v2");
        Code(PickleCode.Mark);
        Code(PickleCode.Mark);
        Text("storage");
        Global("torch", StorageTypes.NameOf(tensor.Type));
        Text(storage.ToString(System.Globalization.CultureInfo.InvariantCulture));
        Text("cpu");
        Number(elements);
        Code(PickleCode.Tuple).Code(PickleCode.PersistentId);
        Number(0);
        Numbers(tensor.Shape);
        Numbers(Strides(tensor.Shape));
        Code(PickleCode.False);
        EmptyOrderedDict();
        Code(PickleCode.Tuple).Code(PickleCode.Reduce);
    }

    internal static long[] Strides(IReadOnlyList<long> shape)
    {
        var strides = new long[shape.Count];
        var stride = 1L;
        for (var i = shape.Count - 1; i >= 0; i--)
        {
            strides[i] = stride;
            stride *= Math.Max(1, shape[i]);
        }

        return strides;
    }

    private void EmptyOrderedDict()
    {
        Global("collections", "OrderedDict");
        Code(PickleCode.EmptyTuple).Code(PickleCode.Reduce);
    }

    private void Global(string module, string name)
    {
        Code(PickleCode.Global);
        _stream.Write(Encoding.ASCII.GetBytes($"{module}\n{name}\n"));
    }

    private void Text(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        Code(PickleCode.Unicode);
        Word(bytes.Length);
        _stream.Write(bytes);
    }

    private void Numbers(IEnumerable<long> numbers)
    {
        Code(PickleCode.Mark);
        foreach (var number in numbers) Number(number);
        Code(PickleCode.Tuple);
    }

    private void Number(long number)
    {
        if (number is >= 0 and <= byte.MaxValue)
        {
            Code(PickleCode.Int1).Byte((byte)number);
        }
        else if (number is >= int.MinValue and <= int.MaxValue)
        {
            Code(PickleCode.Int);
            Word((int)number);
        }
        else
        {
            Code(PickleCode.Long1).Byte(sizeof(long));
            Span<byte> bytes = stackalloc byte[sizeof(long)];
            BinaryPrimitives.WriteInt64LittleEndian(bytes, number);
            _stream.Write(bytes);
        }
    }

    private void Word(int number)
    {
        Span<byte> bytes = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, number);
        _stream.Write(bytes);
    }

    private PickleWriter Code(PickleCode code) => Byte((byte)code);

    private PickleWriter Byte(byte value)
    {
        _stream.WriteByte(value);
        return this;
    }
}
