namespace OrleansContrastive.Data.Decoding;

/// <summary>The checks that come before any allocation.</summary>
internal static class DecodeLimits
{
    /// <exception cref="ImageDecodingException">The file is too long.</exception>
    public static void CheckBytes(long length, DecodeOptions options)
    {
        if (length > options.MaximumBytes)
            throw new ImageDecodingException(ImageFault.TooManyBytes, length, options.MaximumBytes);
    }

    /// <exception cref="ImageDecodingException">The image is too large for the options or for one array.</exception>
    public static void CheckPixels(int width, int height, DecodeOptions options)
    {
        var limit = Math.Min(options.MaximumPixels, Array.MaxLength / 4);
        if ((long)width * height > limit)
            throw new ImageDecodingException(ImageFault.TooManyPixels, (long)width * height, limit);
    }
}
