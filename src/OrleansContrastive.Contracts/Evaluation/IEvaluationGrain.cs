using Orleans;
using Orleans.Concurrency;
using OrleansContrastive.Contracts.Blocks;
using OrleansContrastive.Contracts.Runs;
using OrleansContrastive.Contracts.Workers;

namespace OrleansContrastive.Contracts.Evaluation;

/// <summary>Judges the encoder of a run on labelled images. It uses all lanes of its silo.</summary>
[Alias("oc.IEvaluationGrain")]
public interface IEvaluationGrain : ISiloGrain
{
    /// <summary>Weighted kNN (InstDisc, section 3.4) of the test images among the training images.</summary>
    [ResponseTimeout("01:00:00"), Alias("Knn")]
    Task<KnnReport> KnnAsync(KnnRequest request);

    /// <summary>Takes a part of the weights that a gallery will be made with. Those of another evaluation are dropped.</summary>
    [Alias("TakeWeights")]
    Task TakeWeightsAsync(WeightsPart part);

    /// <summary>Makes the features of some training images, and keeps them until it is asked for others or released.</summary>
    [ResponseTimeout("01:00:00"), Alias("Hold")]
    Task HoldAsync(GalleryRequest request);

    /// <summary>The neighbours of queries among the features that it keeps.</summary>
    /// <exception cref="InvalidOperationException">It keeps those of another evaluation, or none.</exception>
    [AlwaysInterleave, ResponseTimeout("00:05:00"), Alias("Nearest")]
    Task<TensorBlock> NearestAsync(NearestRequest request);

    /// <summary>Drops what it keeps for an evaluation.</summary>
    [AlwaysInterleave, Alias("Release")]
    Task ReleaseAsync(long evaluation);
}

/// <summary>What is compared by kNN.</summary>
public enum KnnFeatures
{
    /// <summary>The encoder's average-pooled features.</summary>
    Encoder = 0,

    /// <summary>The encoder's feature map, pooled to 2 x 2.</summary>
    EncoderGrid = 1,

    /// <summary>The head's embedding.</summary>
    Head = 2,

    /// <summary>The normalised pixels: what any encoder must beat.</summary>
    Pixels = 3,
}

/// <summary>Asks for a kNN evaluation.</summary>
[GenerateSerializer, Immutable, Alias("oc.knn-request")]
public sealed record KnnRequest
{
    /// <summary>The run as it stands.</summary>
    [Id(0)] public required RunView View { get; init; }

    /// <summary>What is compared; all kinds come from one pass over the images.</summary>
    [Id(1)] public KnnFeatures[] Features { get; init; } = [KnnFeatures.Encoder];

    /// <summary>Judge the weights that the run started from, not its newest.</summary>
    [Id(2)] public bool Untrained { get; init; }

    /// <summary>Training images used; 0 = all.</summary>
    [Id(3)] public int Train { get; init; }

    /// <summary>Test images used; 0 = all.</summary>
    [Id(4)] public int Test { get; init; }

    /// <summary>The pairs of k and T to report.</summary>
    [Id(5)] public KnnSetting[] Settings { get; init; } = [new(200, 0.1), new(20, 0.07)];

    /// <summary>Which network; null = the one that the run's spec names.</summary>
    [Id(6)] public EvaluatedNetwork? Network { get; init; }

    /// <summary>Spreads the training images' features over the silos of the run's encoders: each keeps its part in memory, and the result has the same bits.</summary>
    [Id(7)] public bool Sharded { get; init; }

    /// <summary>Asks for enough to see a trend, and for little enough to be over in seconds.</summary>
    public static KnnRequest Quick(RunView view) => new() { View = view, Train = 10_000, Test = 2_000 };
}

/// <summary>Neighbours and temperature of a kNN vote: weight exp(similarity / T).</summary>
[GenerateSerializer, Immutable, Alias("oc.knn-setting")]
public readonly record struct KnnSetting([property: Id(0)] int K, [property: Id(1)] double Temperature);

/// <summary>Result of a kNN evaluation.</summary>
[GenerateSerializer, Immutable, Alias("oc.knn-report")]
public sealed record KnnReport
{
    /// <summary>Version that was judged.</summary>
    [Id(0)] public required long Version { get; init; }

    /// <summary>Training images.</summary>
    [Id(1)] public required int Train { get; init; }

    /// <summary>Test images.</summary>
    [Id(2)] public required int Test { get; init; }

    /// <summary>Accuracies, by feature kind and then by setting, in the order of the request.</summary>
    [Id(3)] public required KnnResult[] Results { get; init; }

    /// <summary>How long it took.</summary>
    [Id(4)] public required double Seconds { get; init; }

    /// <summary>Silos that kept the training images' features.</summary>
    [Id(5)] public int Galleries { get; init; } = 1;
}

/// <summary>Accuracy of one kind of features at one setting, from 0 to 1.</summary>
[GenerateSerializer, Immutable, Alias("oc.knn-result")]
public readonly record struct KnnResult(
    [property: Id(0)] KnnFeatures Features,
    [property: Id(1)] KnnSetting Setting,
    [property: Id(2)] double Top1,
    [property: Id(3)] double Top5);
