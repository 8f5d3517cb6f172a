using System.Buffers.Binary;
using OrleansContrastive.Data.Datasets;
using OrleansContrastive.Offline.Imaging;
using SixLabors.ImageSharp;
using SixLabors.ImageSharp.Formats;
using SixLabors.ImageSharp.PixelFormats;

namespace OrleansContrastive.Data.Decoding;

public static partial class ImageDecoders
{
    // libjpeg-turbo decodes JPEG several times faster and in a smaller scale, so it goes first where it is installed.
    private static IImageDecoder[] Choose() =>
        JpegCodec.Instance.IsAvailable
            ? [new CodecDecoder(JpegCodec.Instance, "turbojpeg"), new ImageSharpDecoder()]
            : [new ImageSharpDecoder()];

    /// <summary>Every format that ImageSharp knows, in full size.</summary>
    private sealed class ImageSharpDecoder : IImageDecoder
    {
        private static readonly DecoderOptions FirstFrame = new() { MaxFrames = 1, SkipMetadata = true };

        private static ReadOnlySpan<byte> StartOfScan => [0xff, 0xda];

        private static ReadOnlySpan<byte> EndOfImage => [0xff, 0xd9];

        public string Name => "imagesharp";

        public bool Recognises(ReadOnlySpan<byte> file)
        {
            if (file.IsEmpty)
                return false;
            try
            {
                Image.DetectFormat(file);
                return true;
            }
            catch (UnknownImageFormatException)
            {
                return false;
            }
        }

        public void Decode(ReadOnlySpan<byte> file, PixelBuffer target, DecodeOptions options)
        {
            try
            {
                RefuseCut(file);
                var header = Image.Identify(FirstFrame, file);
                DecodeLimits.CheckPixels(header.Width, header.Height, options);
                using var image = Image.Load<Rgb24>(FirstFrame, file);
                target.Resize(image.Width, image.Height, options.Channels);
                if (options.Channels == 3)
                    image.CopyPixelDataTo(target.Pixels);
                else
                    CopyLuma(image, target);
            }
            catch (NotSupportedException e)
            {
                throw new ImageDecodingException(ImageFault.Unsupported, e.Message, e);
            }
            catch (Exception e) when (e is not (ImageDecodingException or OutOfMemoryException))
            {
                // The content decides which exception a decoder runs into; all of them mean the same here.
                throw new ImageDecodingException(ImageFault.Malformed, e.Message, e);
            }
        }

        // ImageSharp decodes a file that was cut as far as it goes. A WebP container tells how long it should be; a JPEG
        // ends with a marker after its last scan.
        private static void RefuseCut(ReadOnlySpan<byte> file)
        {
            if (WebPCodec.Instance.Recognises(file))
            {
                var announced = 8L + BinaryPrimitives.ReadUInt32LittleEndian(file[4..]);
                if (file.Length < announced)
                    throw Malformed($"webp: {announced} bytes announced, {file.Length} bytes in the file");
            }
            else if (JpegCodec.Instance.Recognises(file) && file.LastIndexOf(EndOfImage) < file.LastIndexOf(StartOfScan))
            {
                throw Malformed($"jpeg: {file.Length} bytes without an end marker after the last scan");
            }
        }

        private static ImageDecodingException Malformed(string message) => new(ImageFault.Malformed, message);

        // ImageSharp's own grey is ITU-R 709; the project's is 601, as torchvision's.
        private static void CopyLuma(Image<Rgb24> image, PixelBuffer target) =>
            image.ProcessPixelRows(rows =>
            {
                var grey = target.Pixels;
                var at = 0;
                for (var y = 0; y < rows.Height; y++)
                {
                    foreach (ref readonly var pixel in rows.GetRowSpan(y))
                        grey[at++] = Luma.Of(pixel.R, pixel.G, pixel.B);
                }
            });
    }
}
