using System.Security.Cryptography;
using OrleansContrastive.Data.Datasets;

namespace OrleansContrastive.Data.Tests.Datasets;

public sealed class SyntheticDatasetTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void The_same_seed_makes_the_same_images_whoever_asks(int channels)
    {
        var options = new SyntheticOptions { Channels = channels, TrainCount = 64, Seed = 7 };
        using var a = Open(options);
        using var b = Open(options);
        using var other = Open(options with { Seed = 8 });

        Parallel.For(0, a.Count, i => Assert.Equal(Pixels(a, i), Pixels(b, i)));
        Assert.NotEqual(Pixels(a, 3), Pixels(other, 3));
        Assert.Equal(a.Fingerprint, b.Fingerprint);
        Assert.NotEqual(a.Fingerprint, other.Fingerprint);
    }

    [Fact]
    public void Its_pixels_never_change()
    {
        // A checkpoint of a run on synthetic images is resumed by later versions: these bytes are a promise.
        using var set = Open(new SyntheticOptions());

        var hash = Convert.ToHexStringLower(SHA256.HashData(Pixels(set, 1234)));

        Assert.Equal("57fa2624bac30f66f3fb64bf19662a4cc54e4181fb43a3f478dca821130311df", hash);
    }

    [Fact]
    public void Training_and_test_images_differ_and_are_labelled_evenly()
    {
        var options = new SyntheticOptions { TrainCount = 50, TestCount = 20, Classes = 5 };
        using var train = Open(options);
        using var test = Open(options, "test");

        Assert.Equal((50, 20), (train.Count, test.Count));
        Assert.NotEqual(Pixels(train, 0), Pixels(test, 0));
        Assert.All(Enumerable.Range(0, 50).CountBy(train.Label), label => Assert.Equal(10, label.Value));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Classes_can_be_learned_from_the_pixels(int channels)
    {
        var options = new SyntheticOptions { Channels = channels, TrainCount = 400, TestCount = 100, Size = 16 };
        using var train = Open(options);
        using var test = Open(options, "test");
        var known = Enumerable.Range(0, train.Count).Select(i => Pixels(train, i)).ToArray();

        var right = Enumerable.Range(0, test.Count).Count(i =>
        {
            var image = Pixels(test, i);
            var nearest = Enumerable.Range(0, known.Length).MinBy(j => Distance(image, known[j]));
            return train.Label(nearest) == test.Label(i);
        });

        // Chance is 10 of 100.
        Assert.True(right >= 60, $"{right} of {test.Count} test images have a nearest neighbour of their own class");
    }

    [Fact]
    public void Options_out_of_range_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => Open(new SyntheticOptions { Classes = 0 }).Dispose());
        Assert.Throws<ArgumentOutOfRangeException>(() => Open(new SyntheticOptions { Size = 3 }).Dispose());
        Assert.Throws<ArgumentOutOfRangeException>(() => Open(new SyntheticOptions { Channels = 2 }).Dispose());
        Assert.Throws<ArgumentOutOfRangeException>(() => Open(new SyntheticOptions { TrainCount = 0 }).Dispose());
    }

    private static IImageDataset Open(SyntheticOptions options, string split = "train") =>
        DatasetCatalog.Open(new DatasetRequest { Name = "synthetic", Split = split, Synthetic = options });

    private static byte[] Pixels(IImageDataset set, int index)
    {
        var image = new PixelBuffer();
        set.Read(index, image);
        return image.Pixels.ToArray();
    }

    private static long Distance(byte[] a, byte[] b)
    {
        var sum = 0L;
        for (var i = 0; i < a.Length; i++)
            sum += (a[i] - b[i]) * (a[i] - b[i]);
        return sum;
    }
}
