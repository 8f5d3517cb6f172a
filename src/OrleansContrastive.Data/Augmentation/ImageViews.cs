using OrleansContrastive.Data.Datasets;

namespace OrleansContrastive.Data.Augmentation;

/// <summary>Batches of views of a data set's images, plain or augmented, as float32 [B, C, H, W]. For one thread at a time.</summary>
public sealed class ImageViews
{
    private readonly IImageDataset _dataset;
    private readonly PixelBuffer _image = new();
    private readonly ViewAugmenter _augmenter;

    /// <summary>Prepares the rendering.</summary>
    /// <param name="dataset">Whose images; not disposed here.</param>
    /// <param name="recipe">Size and normalisation of all views, and the chances of augmented ones.</param>
    /// <exception cref="ArgumentException">The recipe has a value out of range, or does not fit the images' channels.</exception>
    public ImageViews(IImageDataset dataset, AugmentationRecipe recipe)
    {
        ArgumentNullException.ThrowIfNull(dataset);
        ArgumentNullException.ThrowIfNull(recipe);
        _dataset = dataset;
        _augmenter = new(recipe, dataset.Channels, ViewLayout.Nchw, ViewPrecision.Float32);
        Shape = [dataset.Channels, recipe.Size, recipe.Size];
    }

    /// <summary>[C, H, W] of a view.</summary>
    public IReadOnlyList<int> Shape { get; }

    /// <summary>Length of a view in bytes.</summary>
    public int BytesPerView => _augmenter.BytesPerView;

    /// <summary>Images as they are: resized, cut in the centre, normalised.</summary>
    /// <exception cref="DatasetException">An image cannot be read.</exception>
    public byte[] Plain(ReadOnlySpan<int> images)
    {
        var views = GC.AllocateUninitializedArray<byte>(images.Length * BytesPerView);
        for (var i = 0; i < images.Length; i++)
        {
            _dataset.Read(images[i], _image);
            _augmenter.Plain(_image, views.AsSpan(i * BytesPerView, BytesPerView));
        }

        return views;
    }

    /// <summary>One augmented view of each image: that of number 0 of the epoch, drawn from the seed.</summary>
    /// <exception cref="DatasetException">An image cannot be read.</exception>
    public byte[] Augmented(ReadOnlySpan<int> images, ulong seed, int epoch)
    {
        var views = GC.AllocateUninitializedArray<byte>(images.Length * BytesPerView);
        for (var i = 0; i < images.Length; i++)
        {
            _dataset.Read(images[i], _image);
            _augmenter.Augment(_image, new(seed, epoch, images[i], View: 0), views.AsSpan(i * BytesPerView, BytesPerView));
        }

        return views;
    }
}
