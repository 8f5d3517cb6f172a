using Orleans;

namespace OrleansContrastive.Contracts.Leases;

/// <summary>
/// One gradient's worth of samples, the same for every cluster: number <paramref name="Index"/> of data epoch
/// <paramref name="Epoch"/>. It covers the positions [Index x size, (Index + 1) x size) of the epoch's order.
/// </summary>
[GenerateSerializer, Immutable, Alias("oc.lease-id")]
public readonly record struct LeaseId([property: Id(0)] int Epoch, [property: Id(1)] int Index) : IComparable<LeaseId>
{
    /// <summary>Place of the lease among all leases of the run, from 0.</summary>
    public long Ordinal(int leasesPerEpoch) => ((long)Epoch * leasesPerEpoch) + Index;

    /// <summary>The lease at a place among all leases of the run.</summary>
    public static LeaseId At(long ordinal, int leasesPerEpoch) => new((int)(ordinal / leasesPerEpoch), (int)(ordinal % leasesPerEpoch));

    /// <inheritdoc/>
    public int CompareTo(LeaseId other) => (Epoch, Index).CompareTo((other.Epoch, other.Index));

    /// <inheritdoc/>
    public override string ToString() => $"{Epoch}/{Index}";
}

/// <summary>
/// One try at a lease. No two attempts of a lease have the same number, whoever granted them; at most one commits.
/// </summary>
[GenerateSerializer, Immutable, Alias("oc.lease-attempt")]
public readonly record struct LeaseAttempt([property: Id(0)] LeaseId Lease, [property: Id(1)] long Attempt)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Lease}#{Attempt}";
}

/// <summary>
/// Who may command: <paramref name="Term"/> rises with every activation of the run grain, <paramref name="History"/>
/// whenever state was lost and the run rolled back. Versions and row sequences are counted within a history.
/// </summary>
[GenerateSerializer, Immutable, Alias("oc.fence")]
public readonly record struct Fence([property: Id(0)] long Term, [property: Id(1)] long History)
{
    /// <inheritdoc/>
    public override string ToString() => $"term {Term}, history {History}";
}

/// <summary>A lease as the commit order names it.</summary>
/// <param name="Attempt">The attempt that counts.</param>
/// <param name="Samples">Samples in its gradient.</param>
/// <param name="Skipped">It has no effect.</param>
/// <param name="BaseVersion">Version of the weights that the gradient was taken at; every shard corrects for its age alike.</param>
[GenerateSerializer, Immutable, Alias("oc.lease-commit")]
public readonly record struct LeaseCommit(
    [property: Id(0)] LeaseAttempt Attempt,
    [property: Id(1)] int Samples,
    [property: Id(2)] bool Skipped,
    [property: Id(3)] long BaseVersion = 0);

/// <summary>One place of the commit order: what version <see cref="Version"/> is made of.</summary>
[GenerateSerializer, Immutable, Alias("oc.version-order")]
public sealed record VersionOrder
{
    /// <summary>The version that this order makes; from 1 (0 is the start).</summary>
    [Id(0)] public required long Version { get; init; }

    /// <summary>Samples applied by all earlier versions: where the schedules stand.</summary>
    [Id(1)] public required long SamplesBefore { get; init; }

    /// <summary>The leases, in slot order; that is also the order of their rows and sums.</summary>
    [Id(2)] public required LeaseCommit[] Leases { get; init; }

    /// <summary>Updates τ between the weights that a lease's gradient was taken at and those that it is applied to.</summary>
    public long StalenessOf(LeaseCommit lease) => Math.Max(0, Version - 1 - lease.BaseVersion);

    /// <summary>Samples that this version applies.</summary>
    public int Samples => Leases.Sum(lease => lease.Skipped ? 0 : lease.Samples);
}
