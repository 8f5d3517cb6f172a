namespace OrleansContrastive.Data.Datasets;

/// <summary>A finite, ordered set of 8-bit images. Every member is safe to call from several threads at once.</summary>
public interface IImageDataset : IDisposable
{
    /// <summary>The catalogue's name, as <c>fashion-mnist</c>.</summary>
    string Name { get; }

    /// <summary>How many images there are.</summary>
    int Count { get; }

    /// <summary>Channels of every image: 1 or 3.</summary>
    int Channels { get; }

    /// <summary>Width of every image in pixels; 0 where it varies.</summary>
    int Width { get; }

    /// <summary>Height of every image in pixels; 0 where it varies.</summary>
    int Height { get; }

    /// <summary>Names of the classes, by label; empty where there are no labels at all.</summary>
    IReadOnlyList<string> ClassNames { get; }

    /// <summary>Whether every image has a label.</summary>
    bool HasLabels { get; }

    /// <summary>
    /// <c>sha256:</c> and 64 hexadecimal digits: equal wherever indices mean the same pixels and labels. It does not depend
    /// on where the files lie or whether they are compressed.
    /// </summary>
    string Fingerprint { get; }

    /// <summary>The label of one image, an index into <see cref="ClassNames"/>; -1 where it has none.</summary>
    /// <exception cref="ArgumentOutOfRangeException">No such index.</exception>
    int Label(int index);

    /// <summary>Puts the pixels of one image into <paramref name="target"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">No such index.</exception>
    /// <exception cref="DatasetException">This image cannot be read; the others may be.</exception>
    void Read(int index, PixelBuffer target);
}
