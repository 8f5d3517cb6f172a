using System.Buffers.Binary;

namespace OrleansContrastive.Data.Datasets;

/// <summary>
/// One IDX file of unsigned bytes: two zero bytes, the element type (8), the number of dimensions, then each dimension as a
/// big-endian 32-bit integer, then the elements with the last dimension running fastest.
/// </summary>
internal sealed class IdxFile : IDisposable
{
    private const byte UnsignedByte = 0x08;

    private IdxFile(ByteSource source, int[] dimensions, int headerLength) =>
        (Source, Dimensions, HeaderLength) = (source, dimensions, headerLength);

    public ByteSource Source { get; }

    public IReadOnlyList<int> Dimensions { get; }

    public int HeaderLength { get; }

    /// <summary>Opens a file that has a number of dimensions in the given range.</summary>
    /// <exception cref="DatasetException">A wrong header or length, by its offset.</exception>
    public static IdxFile Open(string path, int minimumDimensions, int maximumDimensions)
    {
        var source = ByteSource.Open(path);
        try
        {
            return Parse(source, minimumDimensions, maximumDimensions);
        }
        catch
        {
            source.Dispose();
            throw;
        }
    }

    public void Dispose() => Source.Dispose();

    private static IdxFile Parse(ByteSource source, int minimumDimensions, int maximumDimensions)
    {
        Span<byte> magic = stackalloc byte[4];
        source.Read(0, magic);
        if (magic[0] != 0 || magic[1] != 0)
            throw new DatasetException(source.Path, 0, "an IDX file (0x0000)", $"0x{magic[0]:x2}{magic[1]:x2}");
        if (magic[2] != UnsignedByte)
            throw new DatasetException(source.Path, 2, "element type 0x08 (unsigned byte)", $"0x{magic[2]:x2}");
        if (magic[3] < minimumDimensions || magic[3] > maximumDimensions)
        {
            var range = minimumDimensions == maximumDimensions
                ? $"{minimumDimensions}"
                : $"{minimumDimensions} to {maximumDimensions}";
            throw new DatasetException(source.Path, 3, $"{range} dimension(s)", $"{magic[3]}");
        }

        var dimensions = new int[magic[3]];
        Span<byte> dimension = stackalloc byte[4];
        var elements = 1L;
        for (var d = 0; d < dimensions.Length; d++)
        {
            var offset = 4 + 4 * d;
            source.Read(offset, dimension);
            var size = BinaryPrimitives.ReadUInt32BigEndian(dimension);
            // The bound keeps the product below in range, whatever the header says.
            if (size == 0 || size > int.MaxValue || elements > source.Length)
                throw new DatasetException(source.Path, offset, "a dimension that the file can hold", $"{size}");
            dimensions[d] = (int)size;
            elements *= size;
        }

        var header = 4 + 4 * dimensions.Length;
        if (source.Length - header != elements)
        {
            throw new DatasetException(
                source.Path,
                header,
                $"{elements} bytes for {string.Join(" x ", dimensions)} elements",
                $"{source.Length - header} bytes");
        }

        return new IdxFile(source, dimensions, header);
    }
}
