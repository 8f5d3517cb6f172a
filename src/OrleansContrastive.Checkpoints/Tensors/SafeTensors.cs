using System.Buffers.Binary;

namespace OrleansContrastive.Checkpoints.Tensors;

/// <summary>The content of a safetensors file.</summary>
/// <param name="Tensors">In the order of their bytes.</param>
/// <param name="Metadata">Free text by name.</param>
public sealed record SafeTensorsContent(IReadOnlyList<NamedTensor> Tensors, IReadOnlyDictionary<string, string> Metadata)
{
    /// <summary>The tensor of that name.</summary>
    /// <exception cref="CheckpointException">There is none; the message lists the names.</exception>
    public NamedTensor this[string name] =>
        Tensors.FirstOrDefault(tensor => tensor.Name == name)
        ?? throw new CheckpointException($"No tensor '{name}' in the file; it holds {string.Join(", ", Tensors.Select(tensor => tensor.Name))}.");
}

/// <summary>
/// Reads and writes the safetensors format: 8 bytes of header length (little-endian), a JSON header, the raw data. Larger
/// elements are written first and the header is padded to 8 bytes, so every tensor is aligned in the file. A reader trusts
/// nothing: all bytes belong to exactly one tensor, or the file is refused.
/// </summary>
public static class SafeTensors
{
    /// <summary>Headers above this many bytes are refused before anything is allocated; the cap of the format.</summary>
    public const int MaxHeaderLength = 100_000_000;

    internal const string MetadataName = "__metadata__";
    private const int Alignment = 8;

    /// <summary>Writes tensors and free metadata; the same tensors in any order give the same bytes.</summary>
    /// <exception cref="ArgumentException">A name stands twice, or data does not fit its shape.</exception>
    public static async Task WriteAsync(
        Stream destination,
        IEnumerable<NamedTensor> tensors,
        IReadOnlyDictionary<string, string>? metadata = null,
        CancellationToken cancellationToken = default)
    {
        var ordered = tensors
            .OrderByDescending(tensor => tensor.Type.Size())
            .ThenBy(tensor => tensor.Name, StringComparer.Ordinal)
            .ToArray();
        foreach (var tensor in ordered) tensor.Check();
        if (ordered.GroupBy(tensor => tensor.Name).FirstOrDefault(group => group.Count() > 1) is { } twice)
            throw new ArgumentException($"Tensor '{twice.Key}' is given twice.", nameof(tensors));

        var header = SafeTensorsHeader.Write(ordered, metadata);
        var padded = (header.Length + Alignment - 1) / Alignment * Alignment;
        if (padded > MaxHeaderLength)
            throw new ArgumentException($"The header takes {padded} bytes; the format allows {MaxHeaderLength}.", nameof(tensors));

        var start = new byte[sizeof(long) + padded];
        BinaryPrimitives.WriteInt64LittleEndian(start, padded);
        start.AsSpan(sizeof(long)).Fill((byte)' ');
        header.CopyTo(start.AsSpan(sizeof(long)));
        await destination.WriteAsync(start, cancellationToken).ConfigureAwait(false);
        foreach (var tensor in ordered) await destination.WriteAsync(tensor.Data, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Reads a file in memory; the tensors are slices of it.</summary>
    /// <param name="file">The whole file.</param>
    /// <param name="source">What to call the file in errors.</param>
    /// <exception cref="SafeTensorsException">The file breaks the format.</exception>
    public static SafeTensorsContent Read(ReadOnlyMemory<byte> file, string source)
    {
        if (file.Length < sizeof(long)) throw TooShort(source, sizeof(long), file.Length);

        var header = HeaderLength(file.Span, source);
        var data = sizeof(long) + header;
        if (file.Length < data) throw TooShort(source, data, file.Length);

        var (ranges, metadata) = SafeTensorsHeader.Parse(file.Span[sizeof(long)..data], source);
        var (expected, found) = (ranges.Count == 0 ? 0 : ranges[^1].End, file.Length - data);
        if (found < expected)
            throw new SafeTensorsException(source, SafeTensorsFault.Truncated, $"expected {expected} bytes of data, found {found}.");
        if (found > expected) throw Trailing(source, data + expected);

        var tensors = ranges.Select(range => Tensor(range, file.Slice(data + (int)range.Begin, (int)(range.End - range.Begin))));
        return new SafeTensorsContent([.. tensors], metadata);
    }

    /// <summary>Reads a file of any size from its start to its end; each tensor gets an array of its own.</summary>
    /// <param name="stream">The file; read once, forward.</param>
    /// <param name="source">What to call the file in errors.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="SafeTensorsException">The file breaks the format, or a tensor has 2 GiB or more.</exception>
    public static async Task<SafeTensorsContent> ReadAsync(Stream stream, string source, CancellationToken cancellationToken = default)
    {
        var length = await ReadPartAsync(stream, sizeof(long), source, cancellationToken).ConfigureAwait(false);
        var header = await ReadPartAsync(stream, HeaderLength(length.Span, source), source, cancellationToken).ConfigureAwait(false);
        var (ranges, metadata) = SafeTensorsHeader.Parse(header.Span, source);
        var tensors = new List<NamedTensor>(ranges.Count);
        foreach (var range in ranges)
        {
            var data = await ReadPartAsync(stream, range.End - range.Begin, source, cancellationToken).ConfigureAwait(false);
            tensors.Add(Tensor(range, data));
        }

        var end = sizeof(long) + header.Length + (ranges.Count == 0 ? 0 : ranges[^1].End);
        if (await stream.ReadAsync(new byte[1], cancellationToken).ConfigureAwait(false) > 0) throw Trailing(source, end);
        return new SafeTensorsContent(tensors, metadata);
    }

    private static NamedTensor Tensor(TensorRange range, ReadOnlyMemory<byte> data) => new(range.Name, range.Type, range.Shape, data);

    private static int HeaderLength(ReadOnlySpan<byte> start, string source)
    {
        var length = BinaryPrimitives.ReadUInt64LittleEndian(start);
        return length is > 0 and <= MaxHeaderLength
            ? (int)length
            : throw new SafeTensorsException(
                source, SafeTensorsFault.HeaderLength, $"the first 8 bytes say {length}; expected 1 to {MaxHeaderLength}.");
    }

    private static async Task<ReadOnlyMemory<byte>> ReadPartAsync(
        Stream stream, long count, string source, CancellationToken cancellationToken)
    {
        if (count > Array.MaxLength)
            throw new SafeTensorsException(source, SafeTensorsFault.Size, $"a tensor of {count} bytes is too large to be read here.");

        // A header that lies about a size must not make us allocate it: what is there can be asked first.
        if (stream.CanSeek && stream.Length - stream.Position < count)
            throw TooShort(source, stream.Position + count, stream.Length);

        var part = GC.AllocateUninitializedArray<byte>((int)count);
        var read = await stream.ReadAtLeastAsync(part, part.Length, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
        return read == count
            ? part
            : throw new SafeTensorsException(source, SafeTensorsFault.Truncated, $"{count - read} of the next {count} bytes are missing.");
    }

    private static SafeTensorsException TooShort(string source, long expected, long found) =>
        new(source, SafeTensorsFault.Truncated, $"expected at least {expected} bytes, found {found}.");

    private static SafeTensorsException Trailing(string source, long expected) =>
        new(source, SafeTensorsFault.Hole, $"there are bytes after the last tensor's end at {expected} that belong to no tensor.");
}
