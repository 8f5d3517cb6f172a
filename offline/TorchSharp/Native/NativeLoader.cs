using System.Reflection;
using System.Runtime.InteropServices;

namespace TorchSharp.Native;

/// <summary>Finds libtorch_c.so beside the program, and hands libtorch's environment to libc first.</summary>
internal static partial class NativeLoader
{
    // OpenMP and OpenBLAS read these once, while they are loaded; what .NET's Environment holds does not reach them. By default
    // waiting threads sleep, and products are of one thread: lanes that each call a threaded BLAS wait for one another.
    private static readonly (string Name, string? Default)[] Variables =
        [("OMP_WAIT_POLICY", "PASSIVE"), ("OMP_NUM_THREADS", null), ("OPENBLAS_NUM_THREADS", "1")];

    public static void Register() => NativeLibrary.SetDllImportResolver(typeof(NativeLoader).Assembly, Resolve);

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? search)
    {
        if (name != NativeMethods.Library) return 0;
        foreach (var (variable, standard) in Variables)
        {
            if ((Environment.GetEnvironmentVariable(variable) ?? standard) is { } value) _ = setenv(variable, value, 1);
        }

        var path = Path.Combine(AppContext.BaseDirectory, "libtorch_c.so");
        if (!File.Exists(path))
        {
            throw new DllNotFoundException($"The tensor library {path} is missing: build it with ./run setup, then build this project again.");
        }

        try
        {
            return NativeLibrary.Load(path);
        }
        catch (DllNotFoundException e)
        {
            throw new DllNotFoundException($"{path} cannot be loaded; is libtorch still installed where it was built? ./run setup builds it again. {e.Message}", e);
        }
    }

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int setenv(string name, string value, int overwrite);
}
