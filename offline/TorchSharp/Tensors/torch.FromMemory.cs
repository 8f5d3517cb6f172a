using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using TorchSharp.Native;

namespace TorchSharp;

public static partial class torch
{
    /// <summary>
    /// A tensor over the array's own memory, which stays pinned until the last tensor over it is gone. Another element type
    /// than the array's makes a converted copy.
    /// </summary>
    public static unsafe Tensor frombuffer(Array rawArray, ScalarType dtype, long count = -1, long offset = 0, bool requires_grad = false)
    {
        var length = rawArray.LongLength;
        if (offset < 0 || offset >= length) throw new ArgumentException($"invalid value for 'offset': {offset} in an array of {length} elements");
        if (count < 0) count = length - offset;
        if (count > length - offset) throw new IndexOutOfRangeException($"element count is too large: {count} from {offset} in an array of {length}");
        var type = TypeOf(rawArray.GetType().GetElementType()!);
        var size = type.ElementSize();
        var pin = GCHandle.Alloc(rawArray, GCHandleType.Pinned);
        nint result;
        var sizes = count;
        var status = NativeMethods.tc_tensor_borrow((byte*)pin.AddrOfPinnedObject() + offset * size, count * size, &sizes, 1,
            (int)type, &Unpin, GCHandle.ToIntPtr(pin), &result);
        if (status != 0) pin.Free();
        NativeMethods.Check(status);
        return Finish(new Tensor(result), dtype, null, requires_grad);
    }

    [UnmanagedCallersOnly]
    private static void Unpin(nint handle) => GCHandle.FromIntPtr(handle).Free();

    private static unsafe Tensor FromArray(Array array, ScalarType? dtype, Device? device, bool requires_grad)
    {
        var type = TypeOf(array.GetType().GetElementType()!);
        var shape = new long[array.Rank];
        for (var d = 0; d < shape.Length; d++) shape[d] = array.GetLongLength(d);
        fixed (byte* data = &MemoryMarshal.GetArrayDataReference(array))
        {
            return Finish(Copy(data, array.LongLength * type.ElementSize(), shape, type), dtype, device, requires_grad);
        }
    }

    private static unsafe Tensor FromSpan<T>(ReadOnlySpan<T> elements, ReadOnlySpan<long> dimensions, ScalarType? dtype, Device? device, bool requires_grad)
        where T : unmanaged
    {
        Int128 product = 1;
        foreach (var size in dimensions) product = size < 0 || product < 0 ? -1 : Int128.Min(product * size, long.MaxValue);
        if (product < 0 || product > elements.Length)
        {
            throw new ArgumentException($"mismatched total size creating a tensor from an array: [{string.Join(", ", dimensions.ToArray())}] vs. {elements.Length} elements");
        }

        var count = (long)product;
        fixed (T* data = elements)
        {
            return Finish(Copy(data, count * Unsafe.SizeOf<T>(), dimensions, TypeOf(typeof(T))), dtype, device, requires_grad);
        }
    }

    private static unsafe Tensor Copy(void* data, long bytes, ReadOnlySpan<long> shape, ScalarType type)
    {
        nint result;
        fixed (long* sizes = shape)
        {
            NativeMethods.Check(NativeMethods.tc_tensor_copy(data, bytes, sizes, shape.Length, (int)type, &result));
        }

        return new Tensor(result);
    }

    private static Tensor Finish(Tensor tensor, ScalarType? dtype, Device? device, bool requires_grad)
    {
        if (dtype is { } type && type != tensor.dtype) tensor = tensor.to_type(type, disposeAfter: true);
        if ((device ?? _defaultDevice) is { type: not DeviceType.CPU } target) tensor = tensor.to(target, disposeAfter: true);
        if (requires_grad) tensor.requires_grad = true;
        return tensor;
    }
}
