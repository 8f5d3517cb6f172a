using System.Buffers.Binary;
using System.Numerics;
using System.Security.Cryptography;
using System.Text;

namespace OrleansContrastive.Data.Datasets;

/// <summary>How <see cref="IImageDataset.Fingerprint"/> is computed: SHA-256 over a tag and the uncompressed contents.</summary>
internal static class Fingerprints
{
    /// <summary>Of a few files, by their uncompressed content in the given order, and the labels.</summary>
    public static string OfContents<TLabel>(string tag, IEnumerable<ByteSource> sources, TLabel[] labels)
        where TLabel : unmanaged, IBinaryInteger<TLabel> =>
        Of(hash =>
        {
            AppendText(hash, tag);
            foreach (var source in sources)
            {
                AppendNumber(hash, source.Length);
                source.AppendTo(hash);
            }

            Span<byte> bytes = stackalloc byte[sizeof(short)];
            foreach (var label in labels)
            {
                BinaryPrimitives.WriteInt16LittleEndian(bytes, short.CreateChecked(label));
                hash.AppendData(bytes);
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
        BinaryPrimitives.WriteInt64LittleEndian(bytes, number);
        hash.AppendData(bytes);
    }
}
