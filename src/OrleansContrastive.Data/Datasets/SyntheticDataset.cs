using OrleansContrastive.Data.Sampling;

namespace OrleansContrastive.Data.Datasets;

/// <summary>Stripes whose direction, width and colours belong to the class, moved, brightened and made noisy per image.</summary>
internal sealed class SyntheticDataset(string name, SyntheticOptions options, bool test)
    : GeneratedDataset(name, "synthetic 1", "pattern", options, test)
{
    // Directions as integer vectors, about 18 degrees apart: a stripe's phase is an integer dot product.
    internal static readonly (int X, int Y)[] Directions =
        [(16, 0), (15, 5), (13, 9), (9, 13), (5, 15), (0, 16), (-5, 15), (-9, 13), (-13, 9), (-15, 5)];

    protected override void Draw(PixelBuffer target, int label, ref PhiloxStream random)
    {
        var look = Look.OfClass(label);
        var shift = random.NextInt(256);
        var brightness = random.NextInt(65) - 32;
        Span<(int Dark, int Light)> colours = stackalloc (int, int)[Channels];
        for (var c = 0; c < colours.Length; c++)
            colours[c] = look.Colours(c, Channels);
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
                    pixels[at++] = Noisy(dark + (light - dark) * weight / 255 + brightness, noise);
                    noise >>= 10;
                }
            }
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
