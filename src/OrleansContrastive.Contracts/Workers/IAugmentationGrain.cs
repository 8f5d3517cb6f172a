using Orleans;
using Orleans.Concurrency;
using OrleansContrastive.Contracts.Blocks;
using OrleansContrastive.Contracts.Leases;
using OrleansContrastive.Contracts.Runs;

namespace OrleansContrastive.Contracts.Workers;

/// <summary>
/// Makes the augmented views of leases and keeps them in a bounded buffer until they are taken. The pixels of a
/// lease are the same wherever they are made, so any worker can replace any other. Replaces the data loader.
/// </summary>
[Alias("oc.IAugmentationGrain")]
public interface IAugmentationGrain : ISiloGrain
{
    /// <summary>Starts to make the views of a lease, without waiting for them.</summary>
    [AlwaysInterleave, Alias("Prepare")]
    Task PrepareAsync(ViewOrder order);

    /// <summary>One of the views of every image, by its number; made now if they were not prepared.</summary>
    [AlwaysInterleave, Alias("Take")]
    Task<ViewBatch> TakeAsync(ViewOrder order, int view);
}

/// <summary>Which views are wanted.</summary>
[GenerateSerializer, Immutable, Alias("oc.view-order")]
public sealed record ViewOrder([property: Id(0)] LeaseId Lease, [property: Id(1)] RunSpec Spec);

/// <summary>Augmented views.</summary>
[GenerateSerializer, Immutable, Alias("oc.view-batch")]
public sealed record ViewBatch
{
    /// <summary>[b, C, H, W]; b is smaller than the lease where images were broken.</summary>
    [Id(0)] public required TensorBlock Views { get; init; }

    /// <summary>The sample that each view shows, [b].</summary>
    [Id(1)] public required long[] SampleIds { get; init; }

    /// <summary>Names of the images that could not be read.</summary>
    [Id(2)] public string[] Broken { get; init; } = [];

    /// <summary>Class of each image, [b]; empty unless the method learns from classes.</summary>
    [Id(3)] public long[] Labels { get; init; } = [];
}
