using System.Globalization;
using OrleansContrastive.Data.Sampling;

namespace OrleansContrastive.Data.Datasets;

/// <summary>Images made from their index and a seed. Nothing is stored; integer arithmetic throughout, so every machine makes the same pixels.</summary>
internal abstract class GeneratedDataset : IImageDataset
{
    private readonly ulong _split;

    /// <summary>Checks what all such sets have in common.</summary>
    /// <param name="name">The catalogue's name.</param>
    /// <param name="mark">What kind of images these are, and which version of it: part of the fingerprint.</param>
    /// <param name="className">What a class is called, before its number.</param>
    /// <param name="options">What the images look like.</param>
    /// <param name="test">Whether it is the test split.</param>
    protected GeneratedDataset(string name, string mark, string className, SyntheticOptions options, bool test)
    {
        Require(options.Classes is >= 1 and <= 256, nameof(options.Classes), options.Classes, "1 to 256");
        Require(options.Size is >= 4 and <= 4096, nameof(options.Size), options.Size, "4 to 4096");
        Require(options.Channels is 1 or 3, nameof(options.Channels), options.Channels, "1 or 3");
        Require(options.Noise is >= 0 and <= 127, nameof(options.Noise), options.Noise, "0 to 127");
        Count = test ? options.TestCount : options.TrainCount;
        Require(Count >= 1, test ? nameof(options.TestCount) : nameof(options.TrainCount), Count, "at least 1");

        Name = name;
        Options = options;
        _split = test ? 1UL : 0UL;
        ClassNames = [.. Enumerable.Range(0, options.Classes).Select(label => $"{className}-{label}")];
        Fingerprint = Fingerprints.OfText(string.Create(
            CultureInfo.InvariantCulture,
            $"{mark} {options.Classes} {options.Size} {options.Channels} {Count} {options.Seed} {options.Noise} {test}"));
    }

    public string Name { get; }

    public int Count { get; }

    public int Channels => Options.Channels;

    public int Width => Options.Size;

    public int Height => Options.Size;

    public IReadOnlyList<string> ClassNames { get; }

    public bool HasLabels => true;

    public string Fingerprint { get; }

    protected SyntheticOptions Options { get; }

    public int Label(int index) => Checked.Index(index, Count) % Options.Classes;

    public void Read(int index, PixelBuffer target)
    {
        var label = Label(index);
        target.Resize(Width, Height, Channels);
        var random = new PhiloxStream(Options.Seed, PhiloxPurpose.Synthetic, _split, (ulong)index);
        Draw(target, label, ref random);
    }

    public void Dispose()
    {
    }

    /// <summary>Fills an image of the right shape.</summary>
    protected abstract void Draw(PixelBuffer target, int label, ref PhiloxStream random);

    /// <summary>A value with noise, spread evenly over −Noise to Noise by ten random bits.</summary>
    protected byte Noisy(int value, uint bits) =>
        (byte)Math.Clamp(value + (int)((bits & 1023) * (uint)(2 * Options.Noise + 1) >> 10) - Options.Noise, 0, 255);

    protected static void Require(bool condition, string member, int found, string expected)
    {
        if (!condition)
            throw new ArgumentOutOfRangeException(member, found, $"Synthetic data set: {member} must be {expected}.");
    }
}
