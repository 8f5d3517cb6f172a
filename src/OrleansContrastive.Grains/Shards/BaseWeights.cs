using OrleansContrastive.Contracts.Leases;
using OrleansContrastive.Contracts.Runs;
using OrleansContrastive.Learning.Optimizers;

namespace OrleansContrastive.Grains.Shards;

/// <summary>
/// The weights of recent versions, for gradients that were taken at them. What is kept follows from the spec and the order
/// alone, so all members of a shard correct alike. It shares the versions' memory. One caller at a time.
/// </summary>
internal sealed class BaseWeights
{
    // Without a bound, gradients are hardly ever staler than a few times the encoders.
    private const int UnboundedPerEncoder = 4;

    private readonly SortedList<long, ReadOnlyMemory<byte>> _kept = [];
    private readonly ConsistencySpec _spec;

    public BaseWeights(RunSpec spec)
    {
        _spec = spec.Consistency;
        Window = Compensates(spec) ? (int)Math.Min(spec.MaximumStaleness, (long)UnboundedPerEncoder * spec.Topology.Encoders) : 0;
    }

    /// <summary>Whether gradients of a run are compensated for their delay.</summary>
    public static bool Compensates(RunSpec spec) => spec.Consistency is
    {
        Mode: not ConsistencyMode.Lockstep,
        Correction: StalenessCorrection.DelayCompensation or StalenessCorrection.AdaptiveDelayCompensation,
    };

    /// <summary>Whether a run's shards keep the squared gradient's moving mean.</summary>
    public static bool Adapts(RunSpec spec) =>
        Compensates(spec) && spec.Consistency.Correction == StalenessCorrection.AdaptiveDelayCompensation;

    /// <summary>Versions kept beside the newest.</summary>
    public int Window { get; }

    /// <summary>What is kept, oldest first.</summary>
    public IEnumerable<KeyValuePair<long, ReadOnlyMemory<byte>>> Kept => _kept;

    /// <summary>A version is there.</summary>
    public void Add(long version, ReadOnlyMemory<byte> weights)
    {
        if (Window == 0) return;
        _kept[version] = weights;
        while (_kept.GetKeyAtIndex(0) < version - Window) _kept.RemoveAt(0);
    }

    /// <summary>How the gradient of an order is carried to the newest weights; null where that changes nothing.</summary>
    /// <remarks>A gradient that is older than the window is compensated from the window's end: part of the way, never too far.</remarks>
    public DelayCompensation? For(VersionOrder order)
    {
        if (Window == 0 || order.Samples == 0) return null;
        var lease = order.Leases.First(lease => !lease.Skipped);
        var known = Math.Clamp(lease.BaseVersion, _kept.GetKeyAtIndex(0), order.Version - 1);
        return new(_kept[known], _spec.Compensation, _spec.Correction == StalenessCorrection.AdaptiveDelayCompensation);
    }
}
