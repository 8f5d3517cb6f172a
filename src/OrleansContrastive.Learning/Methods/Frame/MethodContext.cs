using OrleansContrastive.Learning.Negatives.Sampling;

namespace OrleansContrastive.Learning.Methods.Frame;

/// <summary>The constants of a run that a method may take up, beside the options of its own.</summary>
public sealed record MethodContext
{
    /// <summary>T of the method's softmax.</summary>
    public double Temperature { get; init; } = 0.1;

    /// <summary>Every view is query and key in turn.</summary>
    public bool Symmetric { get; init; }

    /// <summary>Keys are permuted before batch norm.</summary>
    public bool ShuffleKeys { get; init; } = true;

    /// <summary>Rows of a query's own image are no negatives.</summary>
    public bool MaskOwnSamples { get; init; } = true;

    /// <summary>Which rows of the memory count and how much.</summary>
    public INegativeSampling Sampling { get; init; } = new AllRows();

    /// <summary>Rows K of the queue.</summary>
    public int QueueLength { get; init; } = 4096;

    /// <summary>m of θ_k, per reference batch.</summary>
    public double KeyMomentum { get; init; } = 0.99;

    /// <summary>Side of the views in pixels.</summary>
    public int ImageSize { get; init; } = 32;

    /// <summary>Channels of the views, 1 or 3.</summary>
    public int Channels { get; init; } = 3;

    /// <summary>Epochs of the run.</summary>
    public int Epochs { get; init; } = 1;
}
