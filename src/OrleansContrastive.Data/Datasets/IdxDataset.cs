namespace OrleansContrastive.Data.Datasets;

/// <summary>A pair of IDX files, images and labels, raw or gzip: MNIST, Fashion-MNIST and their relatives.</summary>
internal sealed class IdxDataset : IImageDataset
{
    private readonly IdxFile _images;
    private readonly byte[] _labels;
    private readonly Lazy<string> _fingerprint;

    private IdxDataset(string name, IdxFile images, byte[] labels, IReadOnlyList<string> classNames)
    {
        Name = name;
        _images = images;
        _labels = labels;
        ClassNames = classNames;
        Count = images.Dimensions[0];
        Height = images.Dimensions[1];
        Width = images.Dimensions[2];
        Channels = images.Dimensions.Count == 4 ? images.Dimensions[3] : 1;
        _fingerprint = new Lazy<string>(() => Fingerprints.OfContents("idx", [images.Source], labels));
    }

    public string Name { get; }

    public int Count { get; }

    public int Channels { get; }

    public int Width { get; }

    public int Height { get; }

    public IReadOnlyList<string> ClassNames { get; }

    public bool HasLabels => true;

    public string Fingerprint => _fingerprint.Value;

    private int ImageLength => Width * Height * Channels;

    /// <summary>Opens <c>SPLIT-images-idx3-ubyte</c> and <c>SPLIT-labels-idx1-ubyte</c>, each as such or with .gz.</summary>
    /// <param name="name">The catalogue's name.</param>
    /// <param name="imagesPath">The images, without .gz.</param>
    /// <param name="labelsPath">The labels, without .gz.</param>
    /// <param name="classNames">Names by label; null numbers the classes up to the highest label.</param>
    /// <exception cref="DatasetException">A file is missing or malformed.</exception>
    public static IdxDataset Open(
        string name, string imagesPath, string labelsPath, IReadOnlyList<string>? classNames)
    {
        var images = IdxFile.Open(imagesPath, 3, 4);
        try
        {
            if (images.Dimensions.Count == 4 && images.Dimensions[3] is not (1 or 3))
                throw new DatasetException(images.Source.Path, 16, "1 or 3 channels", $"{images.Dimensions[3]}");
            using var labels = IdxFile.Open(labelsPath, 1, 1);
            if (labels.Dimensions[0] != images.Dimensions[0])
            {
                throw new DatasetException(
                    labels.Source.Path, 4, $"{images.Dimensions[0]} labels, one per image", $"{labels.Dimensions[0]}");
            }

            var values = new byte[labels.Dimensions[0]];
            labels.Source.Read(labels.HeaderLength, values);
            classNames ??= [.. Enumerable.Range(0, values.Max() + 1).Select(label => $"{label}")];
            var strange = values.AsSpan().IndexOfAnyExceptInRange((byte)0, (byte)(classNames.Count - 1));
            if (strange >= 0)
            {
                throw new DatasetException(
                    labels.Source.Path,
                    labels.HeaderLength + strange,
                    $"a label below {classNames.Count}",
                    $"{values[strange]}",
                    index: strange);
            }

            return new IdxDataset(name, images, values, classNames);
        }
        catch
        {
            images.Dispose();
            throw;
        }
    }

    public int Label(int index) => _labels[Checked.Index(index, Count)];

    public void Read(int index, PixelBuffer target)
    {
        Checked.Index(index, Count);
        target.Resize(Width, Height, Channels);
        _images.Source.Read(_images.HeaderLength + (long)index * ImageLength, target.Pixels);
    }

    public void Dispose() => _images.Dispose();
}
