using OrleansContrastive.Data.Datasets;
using OrleansContrastive.Learning.Evaluation;
using TorchSharp;

namespace OrleansContrastive.Hosting.Evaluation;

/// <summary>Asks for the features of a data set's first images.</summary>
/// <param name="Dataset">The images; as many channels as the run's.</param>
public sealed record FeatureRequest(IImageDataset Dataset)
{
    /// <summary>Images used: the first so many; 0 = all.</summary>
    public int Count { get; init; }

    /// <summary>What is wanted; all kinds come from one pass through the encoder.</summary>
    public IReadOnlyList<FeatureKind> Kinds { get; init; } = [FeatureKind.Encoder];

    /// <summary>Whether rows are divided by their lengths.</summary>
    public bool Unit { get; init; } = true;

    /// <summary>
    /// What is done to the plain views [B, C, H, W] of consecutive images before the encoder sees them, given the first
    /// one's number; on a lane's thread, several at once. Null = nothing.
    /// </summary>
    public Func<torch.Tensor, int, torch.Tensor>? Change { get; init; }

    /// <summary>Class of an image; null = the data set's, or -1 where it has none.</summary>
    public Func<int, int>? Label { get; init; }

    /// <summary>Told how many images are done, from several threads.</summary>
    public IProgress<int>? Progress { get; init; }
}
