using System.Runtime.InteropServices;

namespace OrleansContrastive.Offline.Imaging;

/// <summary>The functions of TurboJPEG 2.x (and 3.x, which keeps them) that are used here.</summary>
internal static unsafe partial class TurboJpegNative
{
    public const string Library = "turbojpeg";

    public const int Rgb = 0;
    public const int Grey = 6;
    public const int Cmyk = 11;

    public const int ColourSpaceGrey = 2;
    public const int ColourSpaceCmyk = 3;
    public const int ColourSpaceYcck = 4;

    /// <summary>More than 500 scans are an attack, not a progressive image.</summary>
    public const int FlagLimitScans = 32768;

    [LibraryImport(Library, EntryPoint = "tjInitDecompress")]
    public static partial nint InitDecompress();

    [LibraryImport(Library, EntryPoint = "tjDestroy")]
    public static partial int Destroy(nint handle);

    [LibraryImport(Library, EntryPoint = "tjDecompressHeader3")]
    public static partial int DecompressHeader(
        nint handle, byte* file, CULong length, int* width, int* height, int* subsampling, int* colourSpace);

    [LibraryImport(Library, EntryPoint = "tjDecompress2")]
    public static partial int Decompress(
        nint handle, byte* file, CULong length, byte* target, int width, int pitch, int height, int format, int flags);

    [LibraryImport(Library, EntryPoint = "tjGetErrorStr2")]
    public static partial byte* GetErrorText(nint handle);
}
