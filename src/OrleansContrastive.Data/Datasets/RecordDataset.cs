namespace OrleansContrastive.Data.Datasets;

/// <summary>How a record's bytes are ordered.</summary>
internal enum PlaneOrder
{
    /// <summary>Channel by channel, each row by row (CIFAR).</summary>
    Rows,

    /// <summary>Channel by channel, each column by column (STL-10, written by Matlab).</summary>
    Columns,
}

/// <summary>Where the pixels lie within fixed-length records.</summary>
/// <param name="Size">Width and height in pixels.</param>
/// <param name="HeaderLength">Bytes before the pixels of a record.</param>
/// <param name="Order">The order of the pixels; three channels.</param>
internal readonly record struct RecordLayout(int Size, int HeaderLength, PlaneOrder Order)
{
    public int PixelLength => 3 * Size * Size;

    public int Length => HeaderLength + PixelLength;
}

/// <summary>Square colour images in fixed-length records, over one or more files.</summary>
internal sealed class RecordDataset : IImageDataset
{
    private readonly RecordLayout _layout;
    private readonly ByteSource[] _files;
    private readonly int[] _firstIndices;
    private readonly short[] _labels;
    private readonly Lazy<string> _fingerprint;

    /// <param name="name">The catalogue's name.</param>
    /// <param name="layout">Of every record of every file.</param>
    /// <param name="files">Open files, whole records each; disposed with the data set.</param>
    /// <param name="labels">One per record, -1 where there is none.</param>
    /// <param name="classNames">By label.</param>
    public RecordDataset(
        string name, RecordLayout layout, ByteSource[] files, short[] labels, IReadOnlyList<string> classNames)
    {
        Name = name;
        _layout = layout;
        _files = files;
        _labels = labels;
        ClassNames = classNames;
        HasLabels = Array.TrueForAll(labels, label => label >= 0);
        _firstIndices = new int[files.Length];
        for (var i = 1; i < files.Length; i++)
            _firstIndices[i] = _firstIndices[i - 1] + Records(files[i - 1], layout);
        _fingerprint = new Lazy<string>(() => Fingerprints.OfContents("records", _files, _labels));
    }

    public string Name { get; }

    public int Count => _labels.Length;

    public int Channels => 3;

    public int Width => _layout.Size;

    public int Height => _layout.Size;

    public IReadOnlyList<string> ClassNames { get; }

    public bool HasLabels { get; }

    public string Fingerprint => _fingerprint.Value;

    /// <summary>How many records a file holds.</summary>
    /// <exception cref="DatasetException">Its length is not a multiple of the record's, or is more than an index can
    /// count.</exception>
    public static int Records(ByteSource file, RecordLayout layout)
    {
        var (records, rest) = Math.DivRem(file.Length, layout.Length);
        if (rest != 0 || records is 0 or > int.MaxValue)
        {
            throw new DatasetException(
                file.Path,
                records * layout.Length,
                $"whole records of {layout.Length} bytes",
                $"{file.Length} bytes, {records} records and {rest} bytes");
        }

        return (int)records;
    }

    public int Label(int index) => _labels[Checked.Index(index, Count)];

    public void Read(int index, PixelBuffer target)
    {
        Checked.Index(index, Count);
        var file = Array.BinarySearch(_firstIndices, index);
        if (file < 0)
            file = ~file - 1;
        Span<byte> planes = stackalloc byte[_layout.PixelLength];
        _files[file].Read((long)(index - _firstIndices[file]) * _layout.Length + _layout.HeaderLength, planes);
        target.Resize(Width, Height, 3);
        Interleave(planes, target.Pixels);
    }

    public void Dispose()
    {
        foreach (var file in _files)
            file.Dispose();
    }

    private void Interleave(ReadOnlySpan<byte> planes, Span<byte> pixels)
    {
        var plane = Width * Height;
        var red = planes[..plane];
        var green = planes.Slice(plane, plane);
        var blue = planes[(2 * plane)..];
        if (_layout.Order == PlaneOrder.Rows)
        {
            for (int i = 0, at = 0; i < plane; i++, at += 3)
                (pixels[at], pixels[at + 1], pixels[at + 2]) = (red[i], green[i], blue[i]);
            return;
        }

        var next = 0;
        for (var y = 0; y < Height; y++)
            for (var i = y; i < plane; i += Height, next += 3)
                (pixels[next], pixels[next + 1], pixels[next + 2]) = (red[i], green[i], blue[i]);
    }
}
