using System.Text.Json;
using OrleansContrastive.Contracts.Blocks;
using OrleansContrastive.Contracts.Runs;
using OrleansContrastive.Data.Augmentation;
using OrleansContrastive.Data.Datasets;

namespace OrleansContrastive.Grains.Evaluation;

/// <summary>Images as they are, in the size and normalisation of the run's views. For one thread at a time.</summary>
internal sealed class PlainViews
{
    private readonly IImageDataset _dataset;
    private readonly PixelBuffer _image = new();
    private readonly ViewAugmenter _augmenter;
    private readonly long[] _shape;

    public PlainViews(RunSpec spec, IImageDataset dataset)
    {
        _dataset = dataset;
        var recipe = JsonSerializer.Deserialize<AugmentationRecipe>(spec.Augmentations[0])!;
        _augmenter = new(recipe, spec.Dataset.Channels, ViewLayout.Nchw, ViewPrecision.Float32);
        _shape = [spec.Dataset.Channels, recipe.Size, recipe.Size];
    }

    /// <summary>Consecutive images, [count, C, H, W].</summary>
    public TensorBlock Read(int first, int count)
    {
        var bytes = _augmenter.BytesPerView;
        var views = GC.AllocateUninitializedArray<byte>(count * bytes);
        for (var i = 0; i < count; i++)
        {
            _dataset.Read(first + i, _image);
            _augmenter.Plain(_image, views.AsSpan(i * bytes, bytes));
        }

        return new(ElementType.Float32, [count, .. _shape], views);
    }
}
