using OrleansContrastive.Data.Sampling;

namespace OrleansContrastive.Data.Datasets;

/// <summary>
/// A glyph of five by five cells, the same from left and right, on a cluttered ground. Its form and its hue belong to the class; its place, size, and
/// whether it is lighter or darker than the ground are the image's own. The hue adds nothing to the mean of the three channels, so that a grey
/// image tells the class by the form alone.
/// </summary>
internal sealed class SyntheticGlyphs(string name, SyntheticOptions options, bool test)
    : GeneratedDataset(name, "synthetic-glyphs 1", "glyph", options, test)
{
    private const int Cells = 5;

    // Places are counted in 1/256 of a pixel.
    private const int Unit = 256;

    private const int Clutter = 4;

    protected override void Draw(PixelBuffer target, int label, ref PhiloxStream random)
    {
        var form = Form(label);
        // With the glyph and its hue, 42 to 250: what were cut off would tell the hue of a grey image.
        var ground = 70 + random.NextInt(57);
        // A cell is 3 to 4 pixels wide at size 32.
        var cell = Width * Unit * (24 + random.NextInt(9)) / 256;
        var room = Width * Unit - Cells * cell;
        var (left, top) = (random.NextInt(room + 1), random.NextInt(room + 1));
        var height = 36 + random.NextInt(25);
        Span<Block> blocks = stackalloc Block[Clutter];
        foreach (ref var block in blocks) block = Block.Draw(Width, ref random);

        var hue = Hue.Of(2 * label + label / 10);
        var pixels = target.Pixels;
        var at = 0;
        for (var y = 0; y < Height; y++)
            for (var x = 0; x < Width; x++)
            {
                var (column, row) = (x * Unit + Unit / 2 - left, y * Unit + Unit / 2 - top);
                var isGlyph = column >= 0 && row >= 0 && column < Cells * cell && row < Cells * cell && form[row / cell * Cells + column / cell];
                var noise = random.NextUInt32();
                for (var c = 0; c < Channels; c++)
                {
                    var level = ground;
                    if (isGlyph)
                    {
                        level += height + (Channels == 1 ? 0 : hue[c]);
                    }
                    else
                    {
                        foreach (ref readonly var block in blocks)
                            if (block.Covers(x, y)) level += block.Height;
                    }

                    pixels[at++] = Noisy(level, noise);
                    noise >>= 10;
                }
            }
    }

    /// <summary>The cells of a class's glyph, row by row: of fifteen free ones, seven to nine are set.</summary>
    private static bool[] Form(int label)
    {
        // The same for every seed and split.
        var stream = new PhiloxStream(1, PhiloxPurpose.Synthetic, ulong.MaxValue, (ulong)label);
        uint half;
        do half = stream.NextUInt32() & 0x7fff;
        while (uint.PopCount(half) is < 7 or > 9);
        var form = new bool[Cells * Cells];
        for (var i = 0; i < form.Length; i++)
        {
            var (row, column) = (i / Cells, i % Cells);
            form[i] = (half >> row * 3 + Math.Min(column, Cells - 1 - column) & 1) != 0;
        }

        return form;
    }

    /// <summary>What a hue adds to red, green and blue: in all nothing.</summary>
    private readonly record struct Hue(int Red, int Green, int Blue)
    {
        public int this[int channel] => channel switch { 0 => Red, 1 => Green, _ => Blue };

        /// <summary>One of twenty around the circle.</summary>
        public static Hue Of(int number)
        {
            number %= 20;
            var (x, y) = SyntheticDataset.Directions[number % 10];
            var sign = number < 10 ? 3 : -3;
            var (across, up) = (sign * x, sign * y / 3);
            return new(across - up, -across - up, 2 * up);
        }
    }

    /// <summary>A rectangle of the clutter.</summary>
    private readonly record struct Block(int Left, int Top, int Right, int Bottom, int Height)
    {
        public static Block Draw(int size, ref PhiloxStream random)
        {
            var (width, height) = (size / 8 + random.NextInt(size / 4), size / 8 + random.NextInt(size / 4));
            var (left, top) = (random.NextInt(size), random.NextInt(size));
            return new(left, top, left + width, top + height, random.NextInt(81) - 40);
        }

        public bool Covers(int x, int y) => x >= Left && x < Right && y >= Top && y < Bottom;
    }
}
