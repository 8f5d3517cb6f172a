using OrleansContrastive.Data.Datasets;
using OrleansContrastive.Offline.Imaging;

namespace OrleansContrastive.Data.Decoding;

/// <summary>One codec as a decoder: limits before pixels, one kind of exception after.</summary>
internal sealed class CodecDecoder(IImageCodec codec, string name) : IImageDecoder
{
    public string Name => name;

    public bool Recognises(ReadOnlySpan<byte> file) => codec.Recognises(file);

    public void Decode(ReadOnlySpan<byte> file, PixelBuffer target, DecodeOptions options)
    {
        try
        {
            var header = codec.ReadHeader(file, options.MinimumSize);
            DecodeLimits.CheckPixels(header.Width, header.Height, options);
            target.Resize(header.DecodedWidth, header.DecodedHeight, options.Channels);
            codec.Decode(file, header, options.Channels, target.Pixels);
        }
        catch (CodecException e)
        {
            throw new ImageDecodingException(
                e.IsUnsupported ? ImageFault.Unsupported : ImageFault.Malformed, e.Message, e);
        }
        catch (CodecMissingException e)
        {
            throw new ImageDecodingException(ImageFault.CodecMissing, e.Message, e);
        }
    }
}
