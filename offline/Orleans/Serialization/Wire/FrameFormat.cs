using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;

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

    /// <summary>
    /// Reads the lengths of a frame. False where <paramref name="buffer"/> does not hold all of them yet; nothing is allocated
    /// before the sums are checked.
    /// </summary>
    /// <param name="buffer">From the first byte of the frame on.</param>
    /// <param name="longestHead">Limit of the head, in bytes.</param>
    /// <param name="longestBody">Limit of all that follows the first number, in bytes.</param>
    /// <param name="prefix">The lengths.</param>
    /// <exception cref="WireFormatException">A limit is passed, or the sums do not agree.</exception>
    public static bool TryRead(in ReadOnlySequence<byte> buffer, long longestHead, long longestBody, out FramePrefix prefix)
    {
        prefix = default;
        if (buffer.Length < FixedLength) return false;
        Span<byte> first = stackalloc byte[FixedLength];
        buffer.Slice(0, FixedLength).CopyTo(first);
        long body = BinaryPrimitives.ReadUInt32LittleEndian(first);
        long head = BinaryPrimitives.ReadUInt32LittleEndian(first[4..]);
        var count = BinaryPrimitives.ReadUInt16LittleEndian(first[8..]);
        longestBody = Math.Min(longestBody, int.MaxValue);
        if (body > longestBody) throw TooLong("a frame", longestBody, body);
        if (head > longestHead) throw TooLong("the head of a frame", longestHead, head);
        if (count > MostPayloads) throw TooLong("the number of payloads", MostPayloads, count);
        var length = PrefixLength(count);
        var sum = length - sizeof(uint) + head;
        if (sum > body) throw Disagree(body, sum);
        if (buffer.Length < length) return false;
        if (count == 0)
        {
            if (sum != body) throw Disagree(body, sum);
            prefix = new FramePrefix(FixedLength, (int)head, []);
            return true;
        }

        Span<byte> lengths = stackalloc byte[sizeof(uint) * count];
        buffer.Slice(FixedLength, lengths.Length).CopyTo(lengths);
        for (var index = 0; index < count; index++) sum += BinaryPrimitives.ReadUInt32LittleEndian(lengths[(sizeof(uint) * index)..]);
        if (sum != body) throw Disagree(body, sum);
        var payloads = new int[count];
        for (var index = 0; index < count; index++) payloads[index] = BinaryPrimitives.ReadInt32LittleEndian(lengths[(sizeof(uint) * index)..]);
        prefix = new FramePrefix(length, (int)head, payloads);
        return true;
    }

    private static WireFormatException TooLong(string what, long limit, long found) =>
        new(what, $"at most {limit.ToString(CultureInfo.InvariantCulture)}", found.ToString(CultureInfo.InvariantCulture));

    private static WireFormatException Disagree(long body, long sum) =>
        new("the length of a frame", $"{sum} from its parts", body.ToString(CultureInfo.InvariantCulture));
}

/// <summary>The lengths of a frame, in bytes: of what comes before its head, of the head, and of each payload.</summary>
internal readonly record struct FramePrefix(int Length, int HeadLength, int[] PayloadLengths);
