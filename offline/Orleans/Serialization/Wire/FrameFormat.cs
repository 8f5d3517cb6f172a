namespace Orleans.Serialization;

/// <summary>
/// A frame on a connection, little-endian: <c>u32</c> bytes after this number, <c>u32</c> bytes of the head, <c>u16</c> number of
/// payloads, <c>u32</c> length of each, the head, the payloads.
/// </summary>
internal static class FrameFormat
{
    /// <summary>Bytes before the lengths of payloads.</summary>
    public const int FixedLength = 10;

    /// <summary>More payloads than this are written into the head.</summary>
    public const int MostPayloads = 1024;

    /// <summary>Memory of so many bytes is sent from where it is.</summary>
    public const int SmallestPayload = 1024;

    /// <summary>Bytes before the head.</summary>
    public static int PrefixLength(int payloads) => FixedLength + (sizeof(uint) * payloads);
}
