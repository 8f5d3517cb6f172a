using System.Runtime.InteropServices;

namespace OrleansContrastive.Offline.Imaging;

/// <summary>The functions of libspng 0.7 that are used here.</summary>
internal static unsafe partial class SpngNative
{
    public const string Library = "spng";

    public const int FormatRgb8 = 4;
    public const int FormatGrey8 = 64;

    public const byte ColourGrey = 0;

    [LibraryImport(Library, EntryPoint = "spng_ctx_new")]
    public static partial nint NewContext(int flags);

    [LibraryImport(Library, EntryPoint = "spng_ctx_free")]
    public static partial void FreeContext(nint context);

    [LibraryImport(Library, EntryPoint = "spng_set_png_buffer")]
    public static partial int SetBuffer(nint context, byte* file, nuint length);

    [LibraryImport(Library, EntryPoint = "spng_set_chunk_limits")]
    public static partial int SetChunkLimits(nint context, nuint chunk, nuint cache);

    [LibraryImport(Library, EntryPoint = "spng_get_ihdr")]
    public static partial int GetHeader(nint context, Header* header);

    [LibraryImport(Library, EntryPoint = "spng_decode_image")]
    public static partial int Decode(nint context, byte* target, nuint length, int format, int flags);

    [LibraryImport(Library, EntryPoint = "spng_strerror")]
    public static partial byte* ErrorText(int error);

    [StructLayout(LayoutKind.Sequential)]
    public struct Header
    {
        public uint Width;
        public uint Height;
        public byte BitDepth;
        public byte ColourType;
        public byte Compression;
        public byte Filter;
        public byte Interlace;
    }
}
