using Orleans;
using Orleans.Concurrency;
using OrleansContrastive.Contracts.Blocks;
using OrleansContrastive.Contracts.Leases;
using OrleansContrastive.Contracts.Runs;
using OrleansContrastive.Contracts.Shards;

namespace OrleansContrastive.Contracts.Workers;

/// <summary>
/// The key encoder: takes key views from the augmentation worker and θ_k from the parameter shards, and answers unit
/// keys. Replaces the <c>no_grad</c> branch of the usual loop (MoCo, algorithm 1).
/// </summary>
[Alias("oc.IMomentumEncoderGrain")]
public interface IMomentumEncoderGrain : ISiloGrain
{
    /// <summary>Encodes the key views of a lease.</summary>
    [AlwaysInterleave, Alias("Encode")]
    Task<KeyReply> EncodeAsync(KeyRequest request);
}

/// <summary>Asks for the keys of a lease.</summary>
[GenerateSerializer, Immutable, Alias("oc.key-request")]
public sealed record KeyRequest
{
    /// <summary>The lease.</summary>
    [Id(0)] public required LeaseId Lease { get; init; }

    /// <summary>The view of the cluster that the caller works in.</summary>
    [Id(1)] public required RunView View { get; init; }

    /// <summary>Version of θ_k to use; -1 = the newest.</summary>
    [Id(2)] public required long Version { get; init; }

    /// <summary>The augmentation worker that has the views.</summary>
    [Id(3)] public required string Augmentation { get; init; }
}

/// <summary>Keys of a lease.</summary>
[GenerateSerializer, Immutable, Alias("oc.key-reply")]
public sealed record KeyReply
{
    /// <summary><see cref="ShardStatus.Ok"/>, or why there are none.</summary>
    [Id(0)] public required ShardStatus Status { get; init; }

    /// <summary>Version of θ_k that made them.</summary>
    [Id(1)] public long Version { get; init; }

    /// <summary>Keys [v b, D] of the method's v key views, view by view in ascending order.</summary>
    [Id(2)] public TensorBlock? Keys { get; init; }

    /// <summary>Bytes that the key encoder moved for them.</summary>
    [Id(3)] public Traffic Traffic { get; init; }
}
