using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace TorchSharp.Native;

/// <summary>Runs operators. Arguments, lists and results live on the stack; only the resulting tensors are allocated.</summary>
internal static unsafe class Dispatch
{
    private const int ScratchWords = 128;

    /// <summary>Runs an operator that returns one tensor.</summary>
    public static torch.Tensor Run(Op op, params ReadOnlySpan<Arg> args)
    {
        NativeValue result;
        Expect(op, Invoke(op, args, &result, 1), 1);
        return Take(op, result);
    }

    /// <summary>Runs an operator that writes into its first argument, and answers that argument.</summary>
    public static torch.Tensor RunInPlace(Op op, torch.Tensor self, params ReadOnlySpan<Arg> rest)
    {
        var args = new ArgBuffer();
        ((Span<Arg>)args)[0] = self;
        rest.CopyTo(((Span<Arg>)args)[1..]);
        NativeValue result;
        var count = Invoke(op, ((ReadOnlySpan<Arg>)args)[..(rest.Length + 1)], &result, 1);
        if (count == 1 && result.Tag == ValueTag.Tensor) NativeMethods.Check(NativeMethods.tc_tensor_release((nint)result.Pointer));
        return self;
    }

    /// <summary>Runs an operator that returns two tensors.</summary>
    public static (torch.Tensor First, torch.Tensor Second) Run2(Op op, params ReadOnlySpan<Arg> args)
    {
        var results = stackalloc NativeValue[2];
        Expect(op, Invoke(op, args, results, 2), 2);
        return (Take(op, results[0]), Take(op, results[1]));
    }

    /// <summary>Runs an operator that returns three tensors.</summary>
    public static (torch.Tensor First, torch.Tensor Second, torch.Tensor Third) Run3(Op op, params ReadOnlySpan<Arg> args)
    {
        var results = stackalloc NativeValue[3];
        Expect(op, Invoke(op, args, results, 3), 3);
        return (Take(op, results[0]), Take(op, results[1]), Take(op, results[2]));
    }

    /// <summary>Runs an operator that returns a list of tensors.</summary>
    public static torch.Tensor[] RunList(Op op, params ReadOnlySpan<Arg> args)
    {
        NativeValue result;
        Expect(op, Invoke(op, args, &result, 1), 1);
        if (result.Tag != ValueTag.TensorList) throw new ExternalException($"{op.Name}: expected a list of tensors, found {result.Tag}.");
        var handles = (nint*)result.Pointer;
        var tensors = new torch.Tensor[result.Length];
        for (var i = 0; i < tensors.Length; i++) tensors[i] = new torch.Tensor(handles[i]);
        NativeMethods.tc_free_list((nint)handles);
        return tensors;
    }

    /// <summary>Runs an operator that returns a boolean.</summary>
    public static bool RunBool(Op op, params ReadOnlySpan<Arg> args)
    {
        NativeValue result;
        Expect(op, Invoke(op, args, &result, 1), 1);
        return result.Integer != 0;
    }

    [SkipLocalsInit]
    private static int Invoke(Op op, ReadOnlySpan<Arg> args, NativeValue* results, int capacity)
    {
        var handle = op.Handle;
        var words = 2; // an inline pair writes both its words
        foreach (ref readonly var arg in args) words += arg.Words;
        var stack = stackalloc long[ScratchWords];
        var scratch = words <= ScratchWords ? stack : (long*)NativeMemory.Alloc((nuint)words, sizeof(long));
        var values = stackalloc NativeValue[args.Length];
        var written = 0;
        try
        {
            var next = scratch;
            for (; written < args.Length; written++) args[written].Write(values + written, ref next);
            int count;
            NativeMethods.Check(NativeMethods.tc_call(handle, values, args.Length, results, capacity, &count));
            return count;
        }
        finally
        {
            for (var i = 0; i < written; i++) args[i].Release();
            if (scratch != stack) NativeMemory.Free(scratch);
        }
    }

    private static torch.Tensor Take(Op op, in NativeValue value)
    {
        if (value.Tag == ValueTag.Tensor && value.Pointer != null) return new torch.Tensor((nint)value.Pointer);
        throw new ExternalException($"{op.Name}: expected a tensor, found {(value.Tag == ValueTag.Tensor ? "an undefined one" : value.Tag)}.");
    }

    private static void Expect(Op op, int count, int expected)
    {
        if (count != expected) throw new ExternalException($"{op.Name}: expected {expected} results, found {count}.");
    }

    [InlineArray(16)]
    private struct ArgBuffer
    {
        private Arg _first;
    }
}
