using System.Runtime.InteropServices;
using OrleansContrastive.Data.Augmentation;
using OrleansContrastive.Data.Datasets;

namespace OrleansContrastive.Data.Tests.Augmentation;

/// <summary>Batches of views are the views of their images, one after the other.</summary>
public sealed class ImageViewsTests
{
    private static readonly AugmentationRecipe Recipe = AugmentationPresets.Get("moco-v2-cifar") with { Size = 16 };

    [Fact]
    public void A_batch_holds_the_views_of_its_images_in_their_order()
    {
        using var dataset = DatasetCatalog.Open(new() { Name = "synthetic" });
        var views = new ImageViews(dataset, Recipe);
        var augmenter = new ViewAugmenter(Recipe, 3, ViewLayout.Nchw, ViewPrecision.Float32);
        Assert.Equal([3, 16, 16], views.Shape);
        var (plain, augmented) = (views.Plain([7, 2]), views.Augmented([7, 2], seed: 3, epoch: 1));
        var image = new PixelBuffer();
        var expected = new byte[augmenter.BytesPerView];
        foreach (var (index, at) in new[] { (7, 0), (2, 1) })
        {
            dataset.Read(index, image);
            augmenter.Plain(image, expected);
            Assert.Equal(expected, plain.AsSpan(at * expected.Length, expected.Length).ToArray());
            augmenter.Augment(image, new(3, 1, index, 0), expected);
            Assert.Equal(expected, augmented.AsSpan(at * expected.Length, expected.Length).ToArray());
        }

        Assert.False(MemoryMarshal.Cast<byte, float>(views.Augmented([7], 3, 2)).SequenceEqual(MemoryMarshal.Cast<byte, float>(augmented)[..(3 * 16 * 16)]));
    }
}
