using System.Security.Cryptography;
using OrleansContrastive.Data.Datasets;

namespace OrleansContrastive.Data.Tests.Datasets;

public sealed class SyntheticGlyphsTests
{
    [Fact]
    public void Pixels_never_change()
    {
        // A checkpoint of a run on these images is resumed by later versions; the first digits of their hash will do.
        using var set = Open(new());
        Assert.StartsWith("ccdcfe6fd1bef9020a98d4ed005e823effe315bc", Convert.ToHexStringLower(SHA256.HashData(Pixels(set, 1234))));
    }

    [Fact]
    public void Seeds_and_splits_differ_and_threads_do_not()
    {
        var options = new SyntheticOptions { TrainCount = 60, TestCount = 20, Classes = 5 };
        using var train = Open(options);
        using var again = Open(options);
        using var test = Open(options, "test");
        using var other = Open(options with { Seed = 1 });

        Assert.Equal((60, 3, 32, 32, true), (train.Count, train.Channels, train.Width, train.Height, train.HasLabels));
        Parallel.For(0, 60, i => Assert.Equal(Pixels(train, i), Pixels(again, i)));
        Assert.NotEqual(Pixels(train, 1), Pixels(test, 1));
        Assert.NotEqual(Pixels(train, 1), Pixels(other, 1));
        Assert.Equal(4, new[] { train, again, test, other }.Select(set => set.Fingerprint).Distinct().Count() + 1);
    }

    [Theory]
    [InlineData(10)]
    [InlineData(256)]
    public void A_hue_adds_nothing_to_the_mean_of_the_channels(int classes)
    {
        var options = new SyntheticOptions { Classes = classes, Noise = 0 };
        using var colour = Open(options);
        using var grey = Open(options with { Channels = 1 });
        for (var index = 0; index < 256; index++)
        {
            var means = Pixels(colour, index).Chunk(3).Select(pixel => pixel.Sum(value => value) / 3.0);
            Assert.Equal(Pixels(grey, index).Select(value => (double)value), means);
        }
    }

    [Fact]
    public void Only_the_glyph_has_a_colour_and_its_class_has_one_of_its_own()
    {
        using var set = Open(new() { Noise = 0 });
        var hues = Enumerable.Range(0, 400).Select(index =>
        {
            var tints = Pixels(set, index).Chunk(3).Select(pixel => (pixel[0] - pixel[1], pixel[2] - pixel[1])).Where(tint => tint != (0, 0)).ToArray();
            // Of 25 cells of 9 to 16 pixels, 9 to 18 are set.
            Assert.InRange(tints.Length, 9 * 9, 16 * 18);
            return (Class: set.Label(index), Hue: Assert.Single(tints.Distinct()));
        });
        var byClass = hues.GroupBy(image => image.Class, image => image.Hue).ToDictionary(group => group.Key, group => Assert.Single(group.Distinct()));
        Assert.Equal(10, byClass.Values.Distinct().Count());
    }

    [Fact]
    public void A_glyph_is_the_same_from_left_and_right()
    {
        const int size = 160;
        using var set = Open(new() { Noise = 0, Size = size });
        for (var index = 0; index < 20; index++)
        {
            var glyph = Pixels(set, index).Chunk(3).Select(pixel => pixel[0] != pixel[1] || pixel[2] != pixel[1]).Chunk(size).ToArray();
            var columns = Enumerable.Range(0, size).Where(x => glyph.Any(row => row[x])).ToArray();
            var mirrored = columns[0] + columns[^1];
            var cells = glyph.Sum(row => row.Count(cell => cell));
            var unlike = Enumerable.Range(0, size).Sum(y => columns.Count(x => glyph[y][x] != glyph[y][mirrored - x]));
            // Cells are 15 to 20 pixels wide, and their edges lie between pixels.
            Assert.InRange(unlike, 0, cells / 8);
        }
    }

    [Theory]
    [InlineData(4, 1, 1)]
    [InlineData(5, 3, 256)]
    [InlineData(224, 3, 100)]
    public void Sizes_and_channels_are_as_asked(int size, int channels, int classes)
    {
        using var set = Open(new() { Size = size, Channels = channels, Classes = classes, Noise = 127 });
        Assert.Equal(size * size * channels, Pixels(set, 7).Length);
    }

    private static IImageDataset Open(SyntheticOptions options, string split = "train") =>
        DatasetCatalog.Open(new() { Name = "synthetic-glyphs", Split = split, Synthetic = options });

    private static byte[] Pixels(IImageDataset set, int index)
    {
        var image = new PixelBuffer();
        set.Read(index, image);
        return image.Pixels.ToArray();
    }
}
