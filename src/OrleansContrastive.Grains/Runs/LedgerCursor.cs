using OrleansContrastive.Contracts.Leases;

namespace OrleansContrastive.Grains.Runs;

/// <summary>
/// What the commit order has done up to one version: the cut that a checkpoint is taken at. Advanced order by order,
/// so it is the same wherever it is computed.
/// </summary>
internal sealed class LedgerCursor(int leasesPerEpoch)
{
    private readonly SortedSet<long> _appliedAbove = [];

    /// <summary>The last version folded in.</summary>
    public long Version { get; private set; }

    /// <summary>Samples of all leases that had an effect.</summary>
    public long SamplesApplied { get; private set; }

    /// <summary>Leases done, skipped ones too.</summary>
    public long LeasesDone => ClosedBelow + _appliedAbove.Count;

    /// <summary>Leases that ended without an effect.</summary>
    public long LeasesSkipped { get; private set; }

    /// <summary>Every lease below this ordinal is done.</summary>
    public long ClosedBelow { get; private set; }

    /// <summary>Ordinals of the leases that are done beyond <see cref="ClosedBelow"/>.</summary>
    public IReadOnlyCollection<long> AppliedAbove => _appliedAbove;

    /// <summary>Whether the lease is done.</summary>
    public bool IsDone(LeaseId lease) => IsDone(lease.Ordinal(leasesPerEpoch));

    /// <summary>Whether the lease at this ordinal is done.</summary>
    public bool IsDone(long ordinal) => ordinal < ClosedBelow || _appliedAbove.Contains(ordinal);

    /// <summary>Folds the next order in.</summary>
    /// <exception cref="InvalidOperationException">The order is not the next one, or a lease of it is done already.</exception>
    public void Apply(VersionOrder order)
    {
        if (order.Version != Version + 1)
            throw new InvalidOperationException($"Version {order.Version} does not follow {Version}.");
        if (order.SamplesBefore != SamplesApplied)
            throw new InvalidOperationException($"Version {order.Version} stands at {order.SamplesBefore} samples; the ledger at {SamplesApplied}.");
        foreach (var lease in order.Leases)
        {
            var ordinal = lease.Attempt.Lease.Ordinal(leasesPerEpoch);
            if (IsDone(ordinal)) throw new InvalidOperationException($"Lease {lease.Attempt.Lease} is in the commit order twice.");
            _appliedAbove.Add(ordinal);
            if (lease.Skipped) LeasesSkipped++;
        }

        while (_appliedAbove.Remove(ClosedBelow)) ClosedBelow++;
        Version = order.Version;
        SamplesApplied += order.Samples;
    }

    /// <summary>A cursor at a checkpoint's cut.</summary>
    public static LedgerCursor At(
        int leasesPerEpoch, long version, long samplesApplied, long leasesSkipped, long closedBelow, IEnumerable<long> appliedAbove)
    {
        var cursor = new LedgerCursor(leasesPerEpoch)
        {
            Version = version,
            SamplesApplied = samplesApplied,
            LeasesSkipped = leasesSkipped,
            ClosedBelow = closedBelow,
        };
        cursor._appliedAbove.UnionWith(appliedAbove);
        return cursor;
    }

    /// <summary>A cursor of its own at the same place.</summary>
    public LedgerCursor Copy() => At(leasesPerEpoch, Version, SamplesApplied, LeasesSkipped, ClosedBelow, _appliedAbove);
}
