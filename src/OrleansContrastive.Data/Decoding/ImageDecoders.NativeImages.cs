using OrleansContrastive.Offline.Imaging;

namespace OrleansContrastive.Data.Decoding;

public static partial class ImageDecoders
{
    private static IImageDecoder[] Choose() =>
    [
        new CodecDecoder(JpegCodec.Instance, "turbojpeg"),
        new CodecDecoder(PngCodec.Instance, "spng"),
        new CodecDecoder(WebPCodec.Instance, "webp"),
        new CodecDecoder(BmpCodec.Instance, "bmp"),
    ];
}
