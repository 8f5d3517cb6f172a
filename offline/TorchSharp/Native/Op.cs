namespace TorchSharp.Native;

/// <summary>An operator of libtorch by its schema name; looked up at the first call, kept for the process's life.</summary>
internal sealed class Op(string name, string overload = "")
{
    private nint _handle;

    public string Name => overload.Length == 0 ? name : $"{name}.{overload}";

    /// <summary>The native operator. Throws ExternalException where this libtorch has none of that name.</summary>
    public nint Handle => _handle != 0 ? _handle : Find();

    private unsafe nint Find()
    {
        nint handle;
        NativeMethods.Check(NativeMethods.tc_find(name, overload, &handle));
        return _handle = handle; // two threads may both find it; both answers are good
    }
}
