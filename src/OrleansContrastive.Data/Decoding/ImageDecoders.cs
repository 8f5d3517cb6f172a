namespace OrleansContrastive.Data.Decoding;

/// <summary>The decoders of this machine.</summary>
public static partial class ImageDecoders
{
    /// <summary>Reads JPEG, PNG, WebP and BMP, recognised by content.</summary>
    public static IImageDecoder Default { get; } = new CompositeDecoder(Choose());
}
