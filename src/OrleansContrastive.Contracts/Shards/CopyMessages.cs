using Orleans;
using OrleansContrastive.Contracts.Blocks;
using OrleansContrastive.Contracts.Leases;
using OrleansContrastive.Contracts.Runs;

namespace OrleansContrastive.Contracts.Shards;

/// <summary>Makes a shard grain a new member of its shard.</summary>
[GenerateSerializer, Immutable, Alias("oc.follow-shard")]
public sealed record FollowShard
{
    /// <summary>Who commands.</summary>
    [Id(0)] public required Fence Fence { get; init; }

    /// <summary>The run.</summary>
    [Id(1)] public required string Run { get; init; }

    /// <summary>What the run learns.</summary>
    [Id(2)] public required RunSpec Spec { get; init; }

    /// <summary>Number of the shard, from 0.</summary>
    [Id(3)] public required int Shard { get; init; }

    /// <summary>Key of the member to copy from.</summary>
    [Id(4)] public required string Primary { get; init; }

    /// <summary>Number of the view that made it a member: a later one begins the filling anew.</summary>
    [Id(5)] public required long View { get; init; }

    /// <summary>Stages of all later versions come to it, so the copy must be of this version at least.</summary>
    [Id(6)] public required long FromVersion { get; init; }
}

/// <summary>Asks a shard to hold its state for a copy.</summary>
/// <param name="Fence">Who commands.</param>
/// <param name="FromVersion">The state must be of this version at least.</param>
[GenerateSerializer, Immutable, Alias("oc.freeze-shard")]
public sealed record FreezeShard([property: Id(0)] Fence Fence, [property: Id(1)] long FromVersion);

/// <summary>A shard's state at one version: what there is to copy, and the book that goes with it.</summary>
[GenerateSerializer, Immutable, Alias("oc.shard-image")]
public sealed record ShardImage
{
    /// <summary><see cref="ShardStatus.Ok"/>, or <see cref="ShardStatus.NotYet"/> where the version was not reached.</summary>
    [Id(0)] public required ShardStatus Status { get; init; }

    /// <summary>Names the image in <see cref="CopyRequest"/>. A shard holds the newest few.</summary>
    [Id(1)] public long Image { get; init; }

    /// <summary>The version of the state.</summary>
    [Id(2)] public long Version { get; init; }

    /// <summary>Every lease below this ordinal is applied.</summary>
    [Id(3)] public long ClosedBelow { get; init; }

    /// <summary>Leases applied beyond <see cref="ClosedBelow"/>.</summary>
    [Id(4)] public LeaseId[] Applied { get; init; } = [];

    /// <summary>The orders kept since the last checkpoint, so that a follower can answer for them too.</summary>
    [Id(5)] public VersionOrder[] Orders { get; init; } = [];

    /// <summary>The tensors of the state, as a checkpoint would hold them.</summary>
    [Id(6)] public ImageTensor[] Tensors { get; init; } = [];

    /// <summary>What a checkpoint's file would say beside them.</summary>
    [Id(7)] public ImageNote[] Metadata { get; init; } = [];
}

/// <summary>A word of an image's metadata.</summary>
/// <param name="Name">What it is about.</param>
/// <param name="Text">What it says.</param>
[GenerateSerializer, Immutable, Alias("oc.image-note")]
public sealed record ImageNote([property: Id(0)] string Name, [property: Id(1)] string Text);

/// <summary>One tensor of an image.</summary>
/// <param name="Name">Its name in a checkpoint.</param>
/// <param name="Type">Element type, by the checkpoint format's name, such as <c>F32</c>.</param>
/// <param name="Shape">Its shape.</param>
[GenerateSerializer, Immutable, Alias("oc.image-tensor")]
public sealed record ImageTensor([property: Id(0)] string Name, [property: Id(1)] string Type, [property: Id(2)] long[] Shape);

/// <summary>Asks for a part of an image.</summary>
/// <param name="Image">The image.</param>
/// <param name="Tensor">Place of the tensor in the image.</param>
/// <param name="Offset">First byte wanted.</param>
[GenerateSerializer, Immutable, Alias("oc.copy-request")]
public sealed record CopyRequest([property: Id(0)] long Image, [property: Id(1)] int Tensor, [property: Id(2)] long Offset);

/// <summary>A part of an image.</summary>
[GenerateSerializer, Immutable, Alias("oc.copy-reply")]
public sealed record CopyReply
{
    /// <summary><see cref="ShardStatus.Ok"/>, or <see cref="ShardStatus.Gone"/> where the image is no longer held.</summary>
    [Id(0)] public required ShardStatus Status { get; init; }

    /// <summary>Bytes from the wanted offset on, at most the run's largest block, as a flat block of bytes.</summary>
    [Id(1)] public TensorBlock? Part { get; init; }
}
