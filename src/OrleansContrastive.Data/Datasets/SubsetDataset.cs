using System.Globalization;

namespace OrleansContrastive.Data.Datasets;

/// <summary>A range of another data set, or that many images evenly spread over the range.</summary>
internal sealed class SubsetDataset : IImageDataset
{
    private readonly IImageDataset _whole;
    private readonly int _start;
    private readonly int _length;

    /// <param name="whole">The data set; disposed with this one.</param>
    /// <param name="start">First position.</param>
    /// <param name="length">Positions in the range.</param>
    /// <param name="count">Images to take from it, 1 to <paramref name="length"/>.</param>
    public SubsetDataset(IImageDataset whole, int start, int length, int count)
    {
        (_whole, _start, _length, Count) = (whole, start, length, count);
        HasLabels = whole.HasLabels || whole.ClassNames.Count > 0 && Enumerable.Range(0, count).All(i => Label(i) >= 0);
    }

    public string Name => _whole.Name;

    public int Count { get; }

    public int Channels => _whole.Channels;

    public int Width => _whole.Width;

    public int Height => _whole.Height;

    public IReadOnlyList<string> ClassNames => _whole.ClassNames;

    public bool HasLabels { get; }

    public string Fingerprint => Fingerprints.OfText(string.Create(
        CultureInfo.InvariantCulture, $"subset {_whole.Fingerprint} {_start} {_length} {Count}"));

    public int Label(int index) => _whole.Label(Position(index));

    public void Read(int index, PixelBuffer target) => _whole.Read(Position(index), target);

    public void Dispose() => _whole.Dispose();

    private int Position(int index) => _start + (int)((long)Checked.Index(index, Count) * _length / Count);
}
