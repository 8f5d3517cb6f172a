using OrleansContrastive.Data.Datasets;

namespace OrleansContrastive.Data.Tests.Datasets;

/// <summary>Images with another number of channels than their data set's.</summary>
public sealed class ChannelsDatasetTests
{
    [Fact]
    public void Grey_images_become_three_equal_channels()
    {
        using var grey = Open(channels: 1);
        using var colour = ChannelsDataset.Of(Open(channels: 1), 3);
        var (one, three) = (new PixelBuffer(), new PixelBuffer());
        grey.Read(5, one);
        colour.Read(5, three);

        Assert.Equal((3, grey.Count, grey.Label(5)), (colour.Channels, colour.Count, colour.Label(5)));
        Assert.Equal(one.Pixels.ToArray().SelectMany(value => new[] { value, value, value }), three.Pixels.ToArray());
        Assert.NotEqual(grey.Fingerprint, colour.Fingerprint);
    }

    [Fact]
    public void Colour_images_become_their_luma()
    {
        using var colour = Open(channels: 3);
        using var grey = ChannelsDataset.Of(Open(channels: 3), 1);
        var (three, one) = (new PixelBuffer(), new PixelBuffer());
        colour.Read(5, three);
        grey.Read(5, one);

        Assert.Equal(three.Width * three.Height, one.Pixels.Length);
        for (var pixel = 0; pixel < one.Pixels.Length; pixel++)
        {
            var luma = (0.299 * three.Pixels[3 * pixel]) + (0.587 * three.Pixels[(3 * pixel) + 1]) + (0.114 * three.Pixels[(3 * pixel) + 2]);
            Assert.InRange(one.Pixels[pixel], luma - 0.502, luma + 0.502);
        }
    }

    [Fact]
    public void A_data_set_that_fits_is_left_alone()
    {
        using var colour = Open(channels: 3);
        Assert.Same(colour, ChannelsDataset.Of(colour, 3));
        Assert.Throws<ArgumentOutOfRangeException>(() => ChannelsDataset.Of(colour, 2));
    }

    private static IImageDataset Open(int channels) => DatasetCatalog.Open(new() { Name = "synthetic", Synthetic = new() { Channels = channels, Size = 8 } });
}
