using System.Buffers;
using System.Security.Cryptography;
using System.Text;

namespace OrleansContrastive.Checkpoints.Stores;

/// <summary>
/// The rule for keys: segments joined by '/', each 1 to 200 of <c>A-Z a-z 0-9 . _ = @ + % ~ -</c>, none starting with a dot
/// (those are a store's own), 900 characters in all. Such a key is a safe path in any folder and a valid blob name.
/// </summary>
public static class ObjectKey
{
    private const int MaxSegment = 200;
    private const int MaxKey = 900;
    private const string Plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._=@+-";
    private static readonly SearchValues<char> Allowed = SearchValues.Create(Plain + "%~");

    /// <summary>Throws where <paramref name="key"/> breaks the rule.</summary>
    /// <exception cref="ArgumentException">Names the segment and what is wrong with it.</exception>
    public static void Check(string key)
    {
        ArgumentException.ThrowIfNullOrEmpty(key);
        if (key.Length > MaxKey)
            throw new ArgumentException($"Key '{key[..40]}…' has {key.Length} characters; at most {MaxKey} are allowed.", nameof(key));

        foreach (var range in key.AsSpan().Split('/'))
        {
            var segment = key.AsSpan(range);
            var fault = segment switch
            {
                [] => "an empty segment",
                ['.', ..] => $"segment '{segment}', which starts with a dot",
                { Length: > MaxSegment } => $"a segment of {segment.Length} characters (at most {MaxSegment})",
                _ when segment.IndexOfAnyExcept(Allowed) is >= 0 and var at => $"the character '{segment[at]}' in segment '{segment}'",
                _ => null,
            };
            if (fault is not null) throw new ArgumentException($"Key '{key}' has {fault}; see ObjectKey for the rule.", nameof(key));
        }
    }

    /// <summary>
    /// Makes one segment of any text, different texts giving different segments: other characters become <c>%XX</c> of their
    /// UTF-8 bytes, and a text too long keeps its start and ends in its SHA-256.
    /// </summary>
    public static string Segment(string text)
    {
        ArgumentException.ThrowIfNullOrEmpty(text);
        var segment = new StringBuilder(text.Length);
        foreach (var unit in Encoding.UTF8.GetBytes(text))
        {
            var plain = Plain.Contains((char)unit, StringComparison.Ordinal) && !(unit == '.' && segment.Length == 0);
            if (plain) segment.Append((char)unit);
            else segment.Append('%').Append(unit.ToString("X2", null));
        }

        // '~' is never produced above, so a shortened segment cannot equal a whole one.
        return segment.Length <= MaxSegment
            ? segment.ToString()
            : $"{segment.ToString(0, 100)}~{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))}";
    }
}
