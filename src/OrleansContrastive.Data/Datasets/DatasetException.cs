using System.Globalization;

namespace OrleansContrastive.Data.Datasets;

/// <summary>A data set, or one image of it, is not what its format says: where, what was expected, what was found.</summary>
public sealed class DatasetException : Exception
{
    /// <summary>A fault at a place in a file.</summary>
    /// <param name="path">The file or folder.</param>
    /// <param name="offset">Byte offset of the fault, in the uncompressed content; null where it concerns the whole.</param>
    /// <param name="expected">What should be there.</param>
    /// <param name="found">What is there.</param>
    /// <param name="innerException">The cause, where there is one.</param>
    /// <param name="index">The image it concerns; null where it is not about one image.</param>
    public DatasetException(
        string path,
        long? offset,
        string expected,
        string found,
        Exception? innerException = null,
        int? index = null)
        : base(Describe(path, offset, index, expected, found), innerException)
    {
        Path = path;
        Offset = offset;
        Expected = expected;
        Found = found;
        Index = index;
    }

    /// <summary>The file or folder.</summary>
    public string Path { get; }

    /// <summary>Byte offset of the fault in the uncompressed content, or null.</summary>
    public long? Offset { get; }

    /// <summary>The image it concerns, or null.</summary>
    public int? Index { get; }

    /// <summary>What should be there.</summary>
    public string Expected { get; }

    /// <summary>What is there.</summary>
    public string Found { get; }

    private static string Describe(string path, long? offset, int? index, string expected, string found)
    {
        var place = offset is null ? path : string.Create(CultureInfo.InvariantCulture, $"{path}, byte {offset}");
        if (index is not null)
            place += string.Create(CultureInfo.InvariantCulture, $", image {index}");
        return $"{place}: expected {expected}, found {found}.";
    }
}
