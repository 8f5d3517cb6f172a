using Orleans;
using OrleansContrastive.Contracts.Blocks;
using OrleansContrastive.Contracts.Runs;

namespace OrleansContrastive.Contracts.Evaluation;

/// <summary>A part of the weights that are judged, so that all galleries are made by one version.</summary>
[GenerateSerializer, Immutable, Alias("oc.weights-part")]
public sealed record WeightsPart
{
    /// <summary>Which evaluation it is for.</summary>
    [Id(0)] public required long Evaluation { get; init; }

    /// <summary>Running moments and not parameters.</summary>
    [Id(1)] public required bool Moments { get; init; }

    /// <summary>The parameter shard whose elements they are.</summary>
    [Id(2)] public required int Shard { get; init; }

    /// <summary>Bytes of the shard before this part; parts come in order.</summary>
    [Id(3)] public required int Offset { get; init; }

    /// <summary>Bytes of the whole shard.</summary>
    [Id(4)] public required int Total { get; init; }

    /// <summary>The bytes.</summary>
    [Id(5)] public required TensorBlock Bytes { get; init; }
}

/// <summary>Asks for the features of some training images.</summary>
[GenerateSerializer, Immutable, Alias("oc.gallery-request")]
public sealed record GalleryRequest
{
    /// <summary>Which evaluation it is for; its weights have come before, unless the untrained network is judged.</summary>
    [Id(0)] public required long Evaluation { get; init; }

    /// <summary>What the run learns.</summary>
    [Id(1)] public required RunSpec Spec { get; init; }

    /// <summary>Kinds of features.</summary>
    [Id(2)] public required KnnFeatures[] Features { get; init; }

    /// <summary>The weights that the run started from, which need not travel.</summary>
    [Id(3)] public required bool Untrained { get; init; }

    /// <summary>The first image.</summary>
    [Id(4)] public required int First { get; init; }

    /// <summary>Images, 1 or more.</summary>
    [Id(5)] public required int Count { get; init; }
}

/// <summary>Asks for neighbours.</summary>
[GenerateSerializer, Immutable, Alias("oc.nearest-request")]
public sealed record NearestRequest
{
    /// <summary>Which evaluation it is for.</summary>
    [Id(0)] public required long Evaluation { get; init; }

    /// <summary>Place of the features' kind in <see cref="GalleryRequest.Features"/>.</summary>
    [Id(1)] public required int Kind { get; init; }

    /// <summary>Unit rows [M, F], float32.</summary>
    [Id(2)] public required TensorBlock Queries { get; init; }

    /// <summary>Neighbours of each query, at most. The answer is [M, at most so many], int64: numbers that sort by similarity and then by training image.</summary>
    [Id(3)] public required int Most { get; init; }
}
