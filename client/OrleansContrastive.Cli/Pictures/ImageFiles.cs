using OrleansContrastive.Data.Datasets;
using OrleansContrastive.Data.Decoding;

namespace OrleansContrastive.Cli.Pictures;

/// <summary>A few image files as a data set without labels; each is read when it is asked for.</summary>
internal sealed class ImageFiles(IReadOnlyList<string> paths, int channels) : IImageDataset
{
    /// <inheritdoc/>
    public string Name => "files";

    /// <inheritdoc/>
    public int Count => paths.Count;

    /// <inheritdoc/>
    public int Channels => channels;

    /// <inheritdoc/>
    public int Width => 0;

    /// <inheritdoc/>
    public int Height => 0;

    /// <inheritdoc/>
    public IReadOnlyList<string> ClassNames => [];

    /// <inheritdoc/>
    public bool HasLabels => false;

    /// <inheritdoc/>
    public string Fingerprint => throw new NotSupportedException("Single files have no fingerprint.");

    /// <inheritdoc/>
    public int Label(int index) => -1;

    /// <inheritdoc/>
    public void Read(int index, PixelBuffer target)
    {
        try
        {
            ImageDecoders.Default.Decode(File.ReadAllBytes(paths[index]), target, new() { Channels = channels });
        }
        catch (ImageDecodingException exception)
        {
            throw new UsageException($"'{paths[index]}' cannot be read: {exception.Message}");
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
    }
}
