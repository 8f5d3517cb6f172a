using System.Security.Cryptography;
using System.Text;

namespace OrleansContrastive.Data.Datasets;

/// <summary>How <see cref="IImageDataset.Fingerprint"/> is computed: SHA-256 over a tag and the uncompressed contents.</summary>
internal static class Fingerprints
{
    /// <summary>Of a few files, by their uncompressed content, in the given order.</summary>
    public static string OfContents(string tag, IEnumerable<ByteSource> sources) =>
        Of(hash =>
        {
            AppendText(hash, tag);
            foreach (var source in sources)
            {
                AppendNumber(hash, source.Length);
                source.AppendTo(hash);
            }
        });

    /// <summary>Of a description in words and numbers.</summary>
    public static string OfText(string text) => Of(hash => AppendText(hash, text));

    public static string Of(Action<IncrementalHash> append)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        append(hash);
        return "sha256:" + Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>Adds a text with its length, so that two texts never run into each other.</summary>
    public static void AppendText(IncrementalHash hash, string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        AppendNumber(hash, bytes.Length);
        hash.AppendData(bytes);
    }

    public static void AppendNumber(IncrementalHash hash, long number)
    {
        Span<byte> bytes = stackalloc byte[sizeof(long)];
        System.Buffers.Binary.BinaryPrimitives.WriteInt64LittleEndian(bytes, number);
        hash.AppendData(bytes);
    }
}
