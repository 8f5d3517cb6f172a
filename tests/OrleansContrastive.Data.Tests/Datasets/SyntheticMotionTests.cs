using System.Security.Cryptography;
using OrleansContrastive.Data.Datasets;

namespace OrleansContrastive.Data.Tests.Datasets;

/// <summary>The synthetic sets that are not of still images: <c>synthetic-sequences</c> and <c>synthetic-signals</c>.</summary>
public sealed class SyntheticMotionTests
{
    [Theory]
    [InlineData("synthetic-sequences", "d888c1267098076854c9179b8e446d2c37ca62db")]
    [InlineData("synthetic-signals", "0e2128c8bf2d51e586b328dea5ab75de305db13a")]
    public void Pixels_never_change(string name, string expected)
    {
        // A checkpoint of a run on these images is resumed by later versions; the first digits of their hash will do.
        using var set = Open(name, new());
        Assert.StartsWith(expected, Convert.ToHexStringLower(SHA256.HashData(Pixels(set, 1234))));
    }

    [Theory]
    [InlineData("synthetic-sequences", 3)]
    [InlineData("synthetic-signals", 1)]
    public void Seeds_and_splits_differ_and_threads_do_not(string name, int channels)
    {
        var options = new SyntheticOptions { TrainCount = 60, TestCount = 20, Classes = 5 };
        using var train = Open(name, options);
        using var again = Open(name, options);
        using var test = Open(name, options, "test");
        using var other = Open(name, options with { Seed = 1 });

        Assert.Equal((60, channels, 32, 32, true), (train.Count, train.Channels, train.Width, train.Height, train.HasLabels));
        Parallel.For(0, 60, i => Assert.Equal(Pixels(train, i), Pixels(again, i)));
        Assert.NotEqual(Pixels(train, 1), Pixels(test, 1));
        Assert.NotEqual(Pixels(train, 1), Pixels(other, 1));
        Assert.Equal(4, new[] { train, again, test, other }.Select(set => set.Fingerprint).Distinct().Count() + 1);
        Assert.All(Enumerable.Range(0, 60).CountBy(train.Label), label => Assert.Equal(12, label.Value));
    }

    [Theory]
    [InlineData(0, 16, 0)]
    [InlineData(5, 0, 16)]
    [InlineData(7, -9, 13)]
    [InlineData(10, -16, 0)]
    [InlineData(17, 9, -13)]
    public void A_blob_moves_in_the_direction_of_its_class(int label, int x, int y)
    {
        using var set = Open("synthetic-sequences", new() { Classes = 20, Size = 64, Channels = 1, Noise = 0 });
        for (var index = label; index < 200; index += 20)
        {
            var places = Enumerable.Range(0, 4).Select(frame => Centre(Pixels(set, index), 64, frame)).ToArray();
            // A fifth of a frame's 32 pixels a step, along the class's vector of length 16; at the ends the border may cut the blob.
            Assert.Equal(6.4 * x / 16, places[2].X - places[1].X, 0.1);
            Assert.Equal(6.4 * y / 16, places[2].Y - places[1].Y, 0.1);
            foreach (var (from, to) in new[] { (0, 1), (2, 3) })
                Assert.True((places[to].X - places[from].X) * x + (places[to].Y - places[from].Y) * y > 0.75 * 6.4 * 16);
        }
    }

    [Theory]
    [InlineData(0, 40)]
    [InlineData(4, 80)]
    [InlineData(6, 28)]
    [InlineData(12, 57)]
    [InlineData(15, 40)]
    public void A_signal_repeats_after_the_period_of_its_class(int label, int period)
    {
        using var set = Open("synthetic-signals", new() { Classes = 20, Noise = 0 });
        for (var index = label; index < 200; index += 20)
        {
            var signal = Pixels(set, index).Select(value => value - 128.0).ToArray();
            // The period varies by 4 %, and how alike a signal is to itself falls off around the best shift.
            var best = Enumerable.Range(period * 3 / 4, period / 2).MaxBy(shift => Likeness(signal, shift));
            Assert.InRange(best, period * 0.955 - 1, period * 1.045 + 1);
            Assert.True(Likeness(signal, best) > 0.9);
        }
    }

    [Fact]
    public void Shapes_of_one_period_differ()
    {
        using var set = Open("synthetic-signals", new() { Classes = 25, Noise = 0 });
        // Spread over the height, whatever the phase: a square has it all, a triangle and a saw a third, a pulse less than any.
        var flatness = Enumerable.Range(0, 5).Select(label =>
        {
            var signal = Pixels(set, 5 * label).Select(value => value - 128.0).ToArray();
            return signal.Average(value => value * value) / Math.Pow((signal.Max() - signal.Min()) / 2, 2);
        }).ToArray();
        Assert.Equal(8 / 15.0, flatness[0], 0.06);
        Assert.Equal(1 / 3.0, flatness[1], 0.06);
        Assert.Equal(1 / 3.0, flatness[2], 0.06);
        Assert.Equal(1, flatness[3], 0.06);
        // (1/8 · 9/4 + 7/8 · 1/16) / (7/8)²
        Assert.Equal(0.439, flatness[4], 0.06);
    }

    [Theory]
    [InlineData("synthetic-sequences", 61, 32)]
    [InlineData("synthetic-sequences", 10, 33)]
    [InlineData("synthetic-sequences", 10, 6)]
    [InlineData("synthetic-signals", 26, 32)]
    [InlineData("synthetic-signals", 0, 32)]
    public void Options_out_of_range_are_refused(string name, int classes, int size) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => Open(name, new() { Classes = classes, Size = size }).Dispose());

    private static IImageDataset Open(string name, SyntheticOptions options, string split = "train") =>
        DatasetCatalog.Open(new() { Name = name, Split = split, Synthetic = options });

    private static byte[] Pixels(IImageDataset set, int index)
    {
        var image = new PixelBuffer();
        set.Read(index, image);
        return image.Pixels.ToArray();
    }

    /// <summary>The centre of what is brighter than a frame's darkest pixel.</summary>
    private static (double X, double Y) Centre(byte[] pixels, int width, int frame)
    {
        var side = width / 2;
        var all = (from y in Enumerable.Range(0, side) from x in Enumerable.Range(0, side) select (x, y, Value: (double)pixels[((frame / 2 * side) + y) * width + (frame % 2 * side) + x])).ToArray();
        var ground = all.Min(pixel => pixel.Value);
        var mass = all.Sum(pixel => pixel.Value - ground);
        return (all.Sum(pixel => pixel.x * (pixel.Value - ground)) / mass, all.Sum(pixel => pixel.y * (pixel.Value - ground)) / mass);
    }

    private static double Likeness(double[] signal, int shift)
    {
        var pairs = signal[..^shift].Zip(signal[shift..]).ToArray();
        return pairs.Sum(pair => pair.First * pair.Second) / Math.Sqrt(pairs.Sum(pair => pair.First * pair.First) * pairs.Sum(pair => pair.Second * pair.Second));
    }
}
