using System.Runtime.InteropServices;

namespace OrleansContrastive.Offline.Imaging;

/// <summary>The functions of libwebp 1.x that are used here.</summary>
internal static unsafe partial class WebPNative
{
    public const string Library = "webp";

    /// <summary>The decoder ABI that <see cref="Features"/> belongs to; the library refuses another major one.</summary>
    public const int DecoderAbi = 0x0209;

    [LibraryImport(Library, EntryPoint = "WebPGetFeaturesInternal")]
    public static partial int GetFeatures(byte* file, nuint length, Features* features, int abi);

    [LibraryImport(Library, EntryPoint = "WebPDecodeRGBInto")]
    public static partial byte* DecodeRgb(byte* file, nuint length, byte* target, nuint targetLength, int stride);

    [StructLayout(LayoutKind.Sequential)]
    public struct Features
    {
        public int Width;
        public int Height;
        public int HasAlpha;
        public int HasAnimation;
        public int Format;
        private fixed uint _reserved[5];
    }
}
