using System.Runtime.InteropServices;
using TorchSharp.Native;

namespace TorchSharp;

public static partial class torch
{
    /// <summary>The version of libtorch, e.g. "1.13.1".</summary>
    public static unsafe string __version__ => Marshal.PtrToStringUTF8((nint)NativeMethods.tc_version()) ?? "";

    /// <summary>Opens a scope that owns the tensors which this thread creates until it is disposed.</summary>
    public static DisposeScope NewDisposeScope() => DisposeScopeManager.ThreadSingleton.NewDisposeScope();

    public static DisposeScope? CurrentDisposeScope => DisposeScopeManager.ThreadSingleton.CurrentDisposeScope;

    /// <summary>Runs an expression in a scope of its own; only its result lives on.</summary>
    public static Tensor WrappedTensorDisposeScope(Func<Tensor> expr)
    {
        using var scope = NewDisposeScope();
        return expr().MoveToOuterDisposeScope();
    }

    /// <summary>Threads that one operator of this thread may use.</summary>
    public static unsafe int get_num_threads()
    {
        int count;
        NativeMethods.Check(NativeMethods.tc_threads(&count));
        return count;
    }

    public static void set_num_threads(int num) => NativeMethods.Check(NativeMethods.tc_set_threads(num));

    public static unsafe int get_num_interop_threads()
    {
        int count;
        NativeMethods.Check(NativeMethods.tc_interop_threads(&count));
        return count;
    }

    public static void set_num_interop_threads(int num) => NativeMethods.Check(NativeMethods.tc_set_interop_threads(num));

    /// <summary>Seeds libtorch's generators.</summary>
    public static Generator manual_seed(long seed) => random.manual_seed(seed);

    /// <summary>Libtorch's generators.</summary>
    public static partial class random
    {
        public static Generator manual_seed(long seed)
        {
            NativeMethods.Check(NativeMethods.tc_manual_seed(seed));
            return Generator.Default;
        }
    }

    /// <summary>The process's default generator; draws always use it.</summary>
    public sealed class Generator
    {
        private Generator()
        {
        }

        public static Generator Default { get; } = new();

        public Generator manual_seed(long seed) => random.manual_seed(seed);
    }

    /// <summary>Writes a tensor as PyTorch does: a zip archive that torch.load reads.</summary>
    public static void save(Tensor t, string location)
    {
        var impl = t.Acquire();
        try
        {
            NativeMethods.Check(NativeMethods.tc_save(impl, location));
        }
        finally
        {
            t.Release();
        }
    }

    public static unsafe Tensor load(string filename)
    {
        nint result;
        NativeMethods.Check(NativeMethods.tc_load(filename, &result));
        return new Tensor(result);
    }
}
