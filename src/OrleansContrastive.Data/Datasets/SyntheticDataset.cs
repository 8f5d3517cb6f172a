using System.Globalization;
using OrleansContrastive.Data.Sampling;

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
    private readonly ulong _split;

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
        _split = test ? 1UL : 0UL;
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
        var random = new PhiloxStream(_options.Seed, PhiloxPurpose.Synthetic, _split, (ulong)index);
        var shift = random.NextInt(256);
        var brightness = random.NextInt(65) - 32;
        Draw(target, look, shift, brightness, ref random);
    }

    public void Dispose()
    {
    }

    private void Draw(PixelBuffer target, in Look look, int shift, int brightness, ref PhiloxStream random)
    {
        Span<(int Dark, int Light)> colours = stackalloc (int, int)[Channels];
        for (var c = 0; c < colours.Length; c++)
            colours[c] = look.Colours(c, Channels);
        var spread = (uint)(2 * _options.Noise + 1);
        var pixels = target.Pixels;
        var at = 0;
        for (var y = 0; y < Height; y++)
            for (var x = 0; x < Width; x++)
            {
                // In 1/16 of a 32-pixel image's pixel, so that a class looks the same at every size.
                var along = (x * look.DirectionX + y * look.DirectionY) * 32 / Width;
                var phase = along * 256 / look.Period + shift & 255;
                var weight = phase < 128 ? 2 * phase : 2 * (255 - phase);
                var noise = random.NextUInt32();
                foreach (var (dark, light) in colours)
                {
                    // Ten bits of noise per channel, spread evenly over -Noise to Noise.
                    var value = dark + (light - dark) * weight / 255 + brightness;
                    value += (int)((noise & 1023) * spread >> 10) - _options.Noise;
                    noise >>= 10;
                    pixels[at++] = (byte)Math.Clamp(value, 0, 255);
                }
            }
    }

    private static void Require(bool condition, string member, int found, string expected)
    {
        if (!condition)
            throw new ArgumentOutOfRangeException(member, found, $"Synthetic data set: {member} must be {expected}.");
    }

    /// <summary>What the images of a class have in common.</summary>
    private readonly record struct Look(int DirectionX, int DirectionY, int Period, ulong Paint)
    {
        public static Look OfClass(int label)
        {
            var (x, y) = Directions[label % Directions.Length];
            // Stripes of 8 to 14 pixels at size 32, another width for every ten classes.
            var width = 8 + 3 * (label + label / Directions.Length) % 7;
            // The colours belong to the class alone: the same for every seed and split.
            var paint = new PhiloxStream(0, PhiloxPurpose.Synthetic, ulong.MaxValue, (ulong)label).NextUInt64();
            return new Look(x, y, 16 * width, paint);
        }

        /// <summary>The two grey levels between which a channel's stripes swing.</summary>
        public (int Dark, int Light) Colours(int channel, int channels)
        {
            if (channels == 1)
                return (40, 215);
            var bits = (int)(Paint >> 16 * channel);
            return (20 + (bits & 63), 140 + (bits >> 8 & 63));
        }
    }
}
