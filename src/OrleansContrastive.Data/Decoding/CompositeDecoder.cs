using OrleansContrastive.Data.Datasets;

namespace OrleansContrastive.Data.Decoding;

/// <summary>Several decoders as one: the first that recognises a file decodes it. The file's name plays no part.</summary>
internal sealed class CompositeDecoder(IImageDecoder[] decoders) : IImageDecoder
{
    public string Name { get; } = string.Join('+', decoders.Select(decoder => decoder.Name));

    public bool Recognises(ReadOnlySpan<byte> file)
    {
        foreach (var decoder in decoders)
        {
            if (decoder.Recognises(file))
                return true;
        }

        return false;
    }

    public void Decode(ReadOnlySpan<byte> file, PixelBuffer target, DecodeOptions options)
    {
        DecodeLimits.CheckBytes(file.Length, options);
        foreach (var decoder in decoders)
        {
            if (decoder.Recognises(file))
            {
                decoder.Decode(file, target, options);
                return;
            }
        }

        var start = Convert.ToHexStringLower(file[..Math.Min(8, file.Length)]);
        throw new ImageDecodingException(
            ImageFault.UnknownFormat,
            $"expected a file of a known image format ({Name}), found {file.Length} bytes that begin with 0x{start}");
    }
}
