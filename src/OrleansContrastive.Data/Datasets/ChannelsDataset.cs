using System.Globalization;

namespace OrleansContrastive.Data.Datasets;

/// <summary>
/// A data set's images with another number of channels, so that an encoder can look at images of another kind than it
/// learned from: grey three times over, or the luma of ITU-R BT.601.
/// </summary>
public sealed class ChannelsDataset : IImageDataset
{
    // Of BT.601 in 1/65536, as image libraries round it.
    private const int Red = 19595, Green = 38470, Blue = 7471, Half = 1 << 15;

    private readonly IImageDataset _source;

    private ChannelsDataset(IImageDataset source, int channels) => (_source, Channels) = (source, channels);

    /// <inheritdoc/>
    public string Name => _source.Name;

    /// <inheritdoc/>
    public int Count => _source.Count;

    /// <inheritdoc/>
    public int Channels { get; }

    /// <inheritdoc/>
    public int Width => _source.Width;

    /// <inheritdoc/>
    public int Height => _source.Height;

    /// <inheritdoc/>
    public IReadOnlyList<string> ClassNames => _source.ClassNames;

    /// <inheritdoc/>
    public bool HasLabels => _source.HasLabels;

    /// <inheritdoc/>
    public string Fingerprint => Fingerprints.OfText(string.Create(CultureInfo.InvariantCulture, $"channels {_source.Fingerprint} {Channels}"));

    /// <summary>The data set itself where its images have so many channels; otherwise a view of it that takes it over.</summary>
    /// <param name="source">The images.</param>
    /// <param name="channels">1 or 3.</param>
    public static IImageDataset Of(IImageDataset source, int channels)
    {
        ArgumentNullException.ThrowIfNull(source);
        if (channels is not (1 or 3)) throw new ArgumentOutOfRangeException(nameof(channels), channels, "An image has 1 or 3 channels.");
        return source.Channels == channels ? source : new ChannelsDataset(source, channels);
    }

    /// <inheritdoc/>
    public int Label(int index) => _source.Label(index);

    /// <inheritdoc/>
    public void Read(int index, PixelBuffer target)
    {
        // Not kept: a data set is asked by many threads at once.
        var image = new PixelBuffer();
        _source.Read(index, image);
        target.Resize(image.Width, image.Height, Channels);
        var from = image.Pixels;
        var to = target.Pixels;
        for (var pixel = 0; pixel < image.Width * image.Height; pixel++)
        {
            if (Channels == 3) to.Slice(3 * pixel, 3).Fill(from[pixel]);
            else to[pixel] = (byte)(((from[3 * pixel] * Red) + (from[(3 * pixel) + 1] * Green) + (from[(3 * pixel) + 2] * Blue) + Half) >> 16);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _source.Dispose();
}
