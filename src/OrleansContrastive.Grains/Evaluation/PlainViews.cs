using System.Text.Json;
using OrleansContrastive.Contracts.Blocks;
using OrleansContrastive.Contracts.Runs;
using OrleansContrastive.Data.Augmentation;
using OrleansContrastive.Data.Datasets;

namespace OrleansContrastive.Grains.Evaluation;

/// <summary>Images as they are, in the size and normalisation of the run's views. For one thread at a time.</summary>
internal sealed class PlainViews(RunSpec spec, IImageDataset dataset)
{
    private readonly ImageViews _views = new(dataset, JsonSerializer.Deserialize<AugmentationRecipe>(spec.Augmentations[0])!);

    /// <summary>Consecutive images, [count, C, H, W].</summary>
    public TensorBlock Read(int first, int count) => new(
        ElementType.Float32, [count, .. _views.Shape.Select(size => (long)size)], _views.Plain([.. Enumerable.Range(first, count)]));
}
