using System.Reflection;
using System.Runtime.InteropServices;

namespace OrleansContrastive.Offline.Imaging;

/// <summary>A shared library under any of the names that systems give it.</summary>
internal sealed class NativeCodecLibrary
{
    private static readonly Dictionary<string, NativeCodecLibrary> ByImportName = [];

    private readonly string _codec;
    private readonly string _debianPackage;
    private readonly string[] _fileNames;
    private readonly Lazy<nint> _handle;

    static NativeCodecLibrary() =>
        NativeLibrary.SetDllImportResolver(Assembly.GetExecutingAssembly(), Resolve);

    private NativeCodecLibrary(string codec, string debianPackage, string[] fileNames)
    {
        (_codec, _debianPackage, _fileNames) = (codec, debianPackage, fileNames);
        _handle = new Lazy<nint>(Load);
    }

    public bool IsAvailable => _handle.Value != 0;

    /// <summary>Makes <paramref name="importName"/>, as used in <c>LibraryImport</c>, stand for a library.</summary>
    public static NativeCodecLibrary Register(
        string importName, string codec, string debianPackage, params string[] fileNames)
    {
        var library = new NativeCodecLibrary(codec, debianPackage, fileNames);
        lock (ByImportName)
            ByImportName.Add(importName, library);
        return library;
    }

    /// <exception cref="CodecMissingException">The library is not on this machine.</exception>
    public void Require()
    {
        if (!IsAvailable)
            throw new CodecMissingException(_codec, _fileNames[0], _debianPackage);
    }

    private static nint Resolve(string importName, Assembly assembly, DllImportSearchPath? searchPath)
    {
        lock (ByImportName)
            return ByImportName.TryGetValue(importName, out var library) ? library._handle.Value : 0;
    }

    private nint Load()
    {
        foreach (var name in _fileNames)
        {
            if (NativeLibrary.TryLoad(name, out var handle))
                return handle;
        }

        return 0;
    }
}
