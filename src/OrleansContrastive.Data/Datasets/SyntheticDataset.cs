using System.Globalization;

namespace OrleansContrastive.Data.Datasets;

/// <summary>
/// Images made from their index: stripes whose direction, width and colours belong to the class, moved, brightened and
/// made noisy per image. Nothing is stored; integer arithmetic throughout, so every machine makes the same pixels.
/// </summary>
internal sealed class SyntheticDataset : IImageDataset
{
    // Directions as integer vectors, about 18 degrees apart: a stripe's phase is an integer dot product.
    private static readonly (int X, int Y)[] Directions =
        [(16, 0), (15, 5), (13, 9), (9, 13), (5, 15), (0, 16), (-5, 15), (-9, 13), (-13, 9), (-15, 5)];

    private readonly SyntheticOptions _options;
    private readonly ulong _key;

    public SyntheticDataset(string name, SyntheticOptions options, bool test)
    {
        Require(options.Classes is >= 1 and <= 256, nameof(options.Classes), options.Classes, "1 to 256");
        Require(options.Size is >= 4 and <= 4096, nameof(options.Size), options.Size, "4 to 4096");
        Require(options.Channels is 1 or 3, nameof(options.Channels), options.Channels, "1 or 3");
        Require(options.Noise is >= 0 and <= 127, nameof(options.Noise), options.Noise, "0 to 127");
        Count = test ? options.TestCount : options.TrainCount;
        Require(Count >= 1, test ? nameof(options.TestCount) : nameof(options.TrainCount), Count, "at least 1");

        Name = name;
        _options = options;
        _key = Mix(options.Seed ^ (test ? 0x7465_7374UL : 0UL));
        ClassNames = [.. Enumerable.Range(0, options.Classes).Select(label => $"pattern-{label}")];
        Fingerprint = Fingerprints.OfText(string.Create(
            CultureInfo.InvariantCulture,
            $"synthetic 1 {options.Classes} {options.Size} {options.Channels} {Count} {options.Seed} {options.Noise} {test}"));
    }

    public string Name { get; }

    public int Count { get; }

    public int Channels => _options.Channels;

    public int Width => _options.Size;

    public int Height => _options.Size;

    public IReadOnlyList<string> ClassNames { get; }

    public bool HasLabels => true;

    public string Fingerprint { get; }

    public int Label(int index) => Checked.Index(index, Count) % _options.Classes;

    public void Read(int index, PixelBuffer target)
    {
        var label = Label(index);
        target.Resize(Width, Height, Channels);
        var look = Look.OfClass(label);
        var draw = Mix(_key + (ulong)index);
        var shift = (int)(draw & 255);
        var brightness = (int)(draw >> 8 & 63) - 32;
        Draw(target, look, shift, brightness, draw >> 16);
    }

    public void Dispose()
    {
    }

    private void Draw(PixelBuffer target, in Look look, int shift, int brightness, ulong noiseKey)
    {
        var pixels = target.Pixels;
        var at = 0;
        for (var y = 0; y < Height; y++)
        for (var x = 0; x < Width; x++)
        {
            // Coordinates in 1/16 of a 32-pixel image's pixel: a class looks the same at every size.
            var along = (x * look.DirectionX + y * look.DirectionY) * 32 / Width;
            var phase = along * 256 / look.Period + shift & 255;
            var weight = phase < 128 ? 2 * phase : 2 * (255 - phase);
            var noise = Mix(noiseKey ^ (ulong)(y * Width + x) << 20);
            for (var c = 0; c < Channels; c++)
            {
                var (dark, light) = look.Colours(c, Channels);
                var value = dark + (light - dark) * weight / 255 + brightness;
                value += (int)((noise >> 16 * c & 0xffff) * (ulong)(2 * _options.Noise + 1) >> 16) - _options.Noise;
                pixels[at++] = (byte)Math.Clamp(value, 0, 255);
            }
        }
    }

    private static void Require(bool condition, string member, int found, string expected)
    {
        if (!condition)
            throw new ArgumentOutOfRangeException(member, found, $"Synthetic data set: {member} must be {expected}.");
    }

    // The finaliser of SplitMix64: a hash of a counter, every bit of which depends on every bit of the input.
    private static ulong Mix(ulong z)
    {
        z += 0x9E37_79B9_7F4A_7C15;
        z = (z ^ z >> 30) * 0xBF58_476D_1CE4_E5B9;
        z = (z ^ z >> 27) * 0x94D0_49BB_1331_11EB;
        return z ^ z >> 31;
    }

    /// <summary>What the images of a class have in common.</summary>
    private readonly record struct Look(int DirectionX, int DirectionY, int Period, ulong Paint)
    {
        public static Look OfClass(int label)
        {
            var (x, y) = Directions[label % Directions.Length];
            var round = label / Directions.Length;
            // Stripes of 8 to 14 pixels at size 32, another width for every ten classes.
            return new Look(x, y, 16 * (8 + 3 * (label + round) % 7), Mix(0xC0_1045 + (ulong)label));
        }

        public (int Dark, int Light) Colours(int channel, int channels)
        {
            if (channels == 1)
                return (40, 215);
            var bits = (int)(Paint >> 16 * channel);
            return (20 + (bits & 63), 140 + (bits >> 8 & 95));
        }
    }
}
