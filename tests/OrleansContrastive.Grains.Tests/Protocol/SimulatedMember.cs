using OrleansContrastive.Contracts.Leases;
using OrleansContrastive.Contracts.Runs;
using OrleansContrastive.Contracts.Shards;
using OrleansContrastive.Grains.Runs;
using OrleansContrastive.Grains.Shards;

namespace OrleansContrastive.Grains.Tests.Protocol;

/// <summary>A member of a shard: the real book, and a list instead of a state.</summary>
internal sealed class SimulatedMember
{
    public ShardLedger<Box> Ledger { get; private set; } = new();

    public List<VersionOrder> Order { get; } = [];

    public List<LeaseAttempt> Visible { get; } = [];

    /// <summary>What the run grain knows of this member.</summary>
    public long Known { get; set; }

    /// <summary>The command that made it a follower, while it is being filled.</summary>
    public FollowShard? Joining { get; set; }

    public void Restart() => Ledger = new();

    public void Prepare(RunSpec spec, Fence fence, LedgerCursor cut)
    {
        var prepare = new PrepareShard
        {
            Fence = fence,
            Run = "run",
            Spec = spec,
            Shard = 0,
            Version = cut.Version,
            ClosedBelow = cut.ClosedBelow,
            Applied = [.. cut.AppliedAbove.Select(ordinal => LeaseId.At(ordinal, spec.LeasesPerEpoch))],
        };
        Assert.Equal(ShardStatus.Ok, Ledger.Prepare(prepare, out var load));
        if (!load) return;
        Ledger.Loaded(prepare);
        // What was applied beyond the cut is undone.
        Order.RemoveAll(order => order.Version > cut.Version);
        Visible.RemoveAll(attempt => !Order.Any(order => order.Leases.Any(lease => lease.Attempt == attempt)));
        Known = cut.Version;
    }

    public ShardStatus Stage(LeaseAttempt attempt, long history)
    {
        var status = Ledger.Stage(attempt, history, () => new(attempt), out var box);
        if (box is not null) Assert.Equal(attempt, box.Attempt);
        return status;
    }

    public ShardStatus Apply(ApplyOrders command)
    {
        var status = Ledger.Accept(command, _ => true, out var next);
        foreach (var order in next)
        {
            foreach (var lease in order.Leases) Visible.Add(Ledger.StageOf(lease.Attempt).Attempt);
            Order.Add(order);
            Ledger.Done(order);
        }

        return status;
    }

    /// <summary>Copies another member, as far as its version allows.</summary>
    public bool TryFill(SimulatedMember primary)
    {
        var follow = Joining!;
        Ledger.Follow(follow, out _);
        if (!Ledger.IsFilling(follow)) return Ledger.Ready;
        if (ShardFilling.MayFreeze(primary.Ledger, new(follow.Fence, follow.FromVersion)) != ShardStatus.Ok) return false;
        Assert.True(Ledger.Filled(follow, primary.Ledger.Image()));
        Order.Clear();
        Order.AddRange(primary.Order);
        Visible.Clear();
        Visible.AddRange(primary.Visible);
        return true;
    }

    internal sealed record Box(LeaseAttempt Attempt);
}
