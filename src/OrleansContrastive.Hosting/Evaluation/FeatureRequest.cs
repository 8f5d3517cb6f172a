using OrleansContrastive.Data.Augmentation;
using OrleansContrastive.Data.Datasets;
using OrleansContrastive.Data.Sampling;
using OrleansContrastive.Learning.Evaluation;
using TorchSharp;

namespace OrleansContrastive.Hosting.Evaluation;

/// <summary>Views that are drawn anew in every epoch.</summary>
/// <param name="Recipe">How; of the size of the run's views.</param>
/// <param name="Seed">Seed of the draws.</param>
/// <param name="Epoch">From 0.</param>
public sealed record AugmentedViews(AugmentationRecipe Recipe, ulong Seed, int Epoch);

/// <summary>Asks for the features of a data set's first images.</summary>
/// <param name="Dataset">The images; as many channels as the run's.</param>
public sealed record FeatureRequest(IImageDataset Dataset)
{
    /// <summary>Images used: the first so many; 0 = all.</summary>
    public int Count { get; init; }

    /// <summary>Of these only so many, a random choice that is always the same, so that sets that are sorted by class keep all classes; 0 = all.</summary>
    public int Limit { get; init; }

    /// <summary>Rows that come out.</summary>
    public int Rows => Limit <= 0 ? Total : Math.Min(Limit, Total);

    /// <summary>What is wanted; all kinds come from one pass through the encoder.</summary>
    public IReadOnlyList<FeatureKind> Kinds { get; init; } = [FeatureKind.Encoder];

    /// <summary>Whether rows are divided by their lengths.</summary>
    public bool Unit { get; init; } = true;

    /// <summary>Augmented views instead of plain ones; null = plain.</summary>
    public AugmentedViews? Augmentation { get; init; }

    /// <summary>
    /// What is done to the views [B, C, H, W] of consecutive rows before the encoder sees them, given the number of
    /// the first row; on a lane's thread, several at once. Null = nothing.
    /// </summary>
    public Func<torch.Tensor, int, torch.Tensor>? Change { get; init; }

    /// <summary>Class of a row; null = the data set's, or -1 where it has none.</summary>
    public Func<int, int>? Label { get; init; }

    /// <summary>Told how many images are done, from several threads.</summary>
    public IProgress<int>? Progress { get; init; }

    private int Total => Count <= 0 ? Dataset.Count : Math.Min(Count, Dataset.Count);

    /// <summary>The image of a row.</summary>
    public int Image(int row) => Rows == Total ? row : (int)new EpochOrder(Total, seed: 0, epoch: 0)[row];
}
