using System.Runtime.InteropServices;

namespace TorchSharp.Native;

/// <summary>The functions of offline/native/torch_c.cpp. Every int result is 0, or 1 with a message in tc_last_error.</summary>
internal static unsafe partial class NativeMethods
{
    public const string Library = "torch_c";

    static NativeMethods() => NativeLoader.Register();

    [LibraryImport(Library), SuppressGCTransition] public static partial byte* tc_last_error();
    [LibraryImport(Library)] public static partial byte* tc_version();
    [LibraryImport(Library)] public static partial int tc_build_info(byte** text);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int tc_find(string name, string overload, nint* op);
    [LibraryImport(Library)]
    public static partial int tc_call(nint op, NativeValue* arguments, int count, NativeValue* results, int capacity, int* resultCount);
    [LibraryImport(Library)] public static partial void tc_free_list(nint list);

    [LibraryImport(Library)] public static partial int tc_tensor_release(nint tensor);
    [LibraryImport(Library)] public static partial int tc_tensor_alias(nint tensor, nint* result);
    [LibraryImport(Library)]
    public static partial int tc_tensor_copy(void* data, long bytes, long* sizes, int dims, int type, nint* result);
    [LibraryImport(Library)]
    public static partial int tc_tensor_borrow(void* data, long bytes, long* sizes, int dims, int type, delegate* unmanaged<nint, void> done, nint context, nint* result);
    [LibraryImport(Library), SuppressGCTransition] public static partial int tc_tensor_data(nint tensor, void** data);
    [LibraryImport(Library), SuppressGCTransition] public static partial int tc_tensor_info(nint tensor, TensorInfo* info);
    [LibraryImport(Library), SuppressGCTransition]
    public static partial int tc_tensor_sizes(nint tensor, long* sizes, long* strides, int capacity);

    [LibraryImport(Library)] public static partial int tc_set_requires_grad(nint tensor, int value);
    [LibraryImport(Library)] public static partial int tc_retain_grad(nint tensor);
    [LibraryImport(Library)] public static partial int tc_grad(nint tensor, nint* result);
    [LibraryImport(Library)] public static partial int tc_set_grad(nint tensor, nint grad);
    [LibraryImport(Library)]
    public static partial int tc_backward(nint* tensors, int count, nint* gradients, int gradientCount, int retain, int create, nint* inputs, int inputCount);
    [LibraryImport(Library)]
    public static partial int tc_gradients(nint* outputs, int count, nint* inputs, int inputCount, nint* gradients, int gradientCount, int retain, int create, int allowUnused, nint* results);

    [LibraryImport(Library)]
    public static partial int tc_node_attach(
        delegate* unmanaged[Cdecl]<nint, nint, nint*, int, nint*, int, byte*, int, int> backward, delegate* unmanaged[Cdecl]<nint, void> done,
        nint context, nint* inputs, int inputCount, nint* outputs, int outputCount, nint* saved, int savedCount);
    [LibraryImport(Library)] public static partial int tc_node_saved(nint node, nint* results, int capacity);

    [LibraryImport(Library), SuppressGCTransition] public static partial int tc_grad_mode();
    [LibraryImport(Library), SuppressGCTransition] public static partial void tc_set_grad_mode(int enabled);
    [LibraryImport(Library), SuppressGCTransition] public static partial int tc_inference_mode();
    [LibraryImport(Library)] public static partial int tc_inference_begin(int enabled, nint* guard);
    [LibraryImport(Library)] public static partial int tc_inference_end(nint guard);

    [LibraryImport(Library)] public static partial int tc_manual_seed(long seed);
    [LibraryImport(Library)] public static partial int tc_set_threads(int count);
    [LibraryImport(Library)] public static partial int tc_threads(int* count);
    [LibraryImport(Library)] public static partial int tc_set_interop_threads(int count);
    [LibraryImport(Library)] public static partial int tc_interop_threads(int* count);
    [LibraryImport(Library)] public static partial int tc_cuda_devices(int* count);
    [LibraryImport(Library)] public static partial int tc_synchronize(long device);
    [LibraryImport(Library)] public static partial int tc_memory(long device, long* figures);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int tc_save(nint tensor, string path);
    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int tc_load(string path, nint* result);

    /// <summary>Turns a failed call into an exception with libtorch's message.</summary>
    public static void Check(int status)
    {
        if (status != 0) Throw();
    }

    private static void Throw() => throw new ExternalException(Marshal.PtrToStringUTF8((nint)tc_last_error()) ?? "libtorch failed without a message.");
}

/// <summary>One argument or result, laid out as Value in torch_c.cpp.</summary>
[StructLayout(LayoutKind.Explicit, Size = 16)]
internal unsafe struct NativeValue
{
    [FieldOffset(0)] public ValueTag Tag;
    [FieldOffset(4)] public int Length;
    [FieldOffset(8)] public long Integer;
    [FieldOffset(8)] public double Real;
    [FieldOffset(8)] public void* Pointer;
}

/// <summary>Tag in torch_c.cpp.</summary>
internal enum ValueTag
{
    None, Tensor, Int, Double, Bool, IntList, DoubleList, BoolList, TensorList, String, Device,
}

/// <summary>TensorInfo in torch_c.cpp.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct TensorInfo
{
    public long Elements;
    public long Device;
    public long StorageOffset;
    public int Dims;
    public int Type;
    public int ElementSize;
    public byte RequiresGrad, Leaf, Contiguous, Inference;
}
