using System.Globalization;

namespace OrleansContrastive.Data.Decoding;

/// <summary>Why an image could not be decoded.</summary>
public enum ImageFault
{
    /// <summary>The bytes begin like no known format.</summary>
    UnknownFormat,

    /// <summary>The file is of a known format and broken.</summary>
    Malformed,

    /// <summary>The file may be sound, but uses a variant that is not decoded, as an animation.</summary>
    Unsupported,

    /// <summary>The header announces more pixels than <see cref="DecodeOptions.MaximumPixels"/>.</summary>
    TooManyPixels,

    /// <summary>The file is longer than <see cref="DecodeOptions.MaximumBytes"/>.</summary>
    TooManyBytes,

    /// <summary>The library that decodes this format is not on this machine.</summary>
    CodecMissing,
}

/// <summary>An image could not be decoded; the process is sound and the next image may be tried.</summary>
public sealed class ImageDecodingException : Exception
{
    /// <summary>A fault of the content or of the machine.</summary>
    public ImageDecodingException(ImageFault fault, string message, Exception? innerException = null)
        : base(message, innerException) => Fault = fault;

    /// <summary>A limit that was exceeded.</summary>
    /// <param name="fault">Which limit.</param>
    /// <param name="found">What the file has or announces.</param>
    /// <param name="limit">What is allowed.</param>
    public ImageDecodingException(ImageFault fault, long found, long limit)
        : base(string.Create(CultureInfo.InvariantCulture, $"{fault}: expected at most {limit}, found {found}")) =>
        (Fault, Found, Limit) = (fault, found, limit);

    /// <summary>What kind of fault.</summary>
    public ImageFault Fault { get; }

    /// <summary>The size that exceeded a limit, or null.</summary>
    public long? Found { get; }

    /// <summary>The limit that was exceeded, or null.</summary>
    public long? Limit { get; }
}
