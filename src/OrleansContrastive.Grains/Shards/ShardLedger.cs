using OrleansContrastive.Contracts.Leases;
using OrleansContrastive.Contracts.Shards;

namespace OrleansContrastive.Grains.Shards;

/// <summary>
/// A shard's book: who may command, what is staged, what was applied. Pure state, driven by one thread at a time;
/// what applying means is the shard's.
/// </summary>
/// <typeparam name="TStage">What an attempt has staged here.</typeparam>
internal sealed class ShardLedger<TStage>
    where TStage : class
{
    private readonly Dictionary<LeaseAttempt, TStage> _stages = [];
    private readonly HashSet<long> _done = [];
    private readonly List<VersionOrder> _orders = [];
    private long _closedBelow;
    private int _leasesPerEpoch = 1;
    private long _followedSince = -1;
    private bool _following;

    /// <summary>Whether the shard holds the state of a run.</summary>
    public bool Ready { get; private set; }

    /// <summary>The highest term heard of.</summary>
    public long Term { get; private set; }

    /// <summary>The history of the state.</summary>
    public long History { get; private set; } = -1;

    /// <summary>The last version applied.</summary>
    public long Applied { get; private set; }

    /// <summary>Attempts staged and not committed.</summary>
    public int Staged => _stages.Count;

    /// <summary>Whether a command of this fence is taken, and if not, why.</summary>
    public ShardStatus Check(Fence fence)
    {
        if (fence.Term < Term) return ShardStatus.OlderTerm;
        Term = fence.Term;
        return !Ready ? ShardStatus.NotReady : fence.History != History ? ShardStatus.OtherHistory : ShardStatus.Ok;
    }

    /// <summary>Whether a caller of this history may read.</summary>
    public ShardStatus Check(long history) =>
        !Ready ? ShardStatus.NotReady : history != History ? ShardStatus.OtherHistory : ShardStatus.Ok;

    /// <summary>Takes a new run grain's term.</summary>
    public ShardReport Report(long term)
    {
        if (term < Term) return new() { Status = ShardStatus.OlderTerm };
        Term = term;
        return !Ready
            ? new() { Status = ShardStatus.NotReady }
            : new() { Status = ShardStatus.Ok, History = History, Applied = Applied, Orders = [.. _orders] };
    }

    /// <summary>Whether the shard must load the state of this command, rather than keep what it has.</summary>
    public ShardStatus Prepare(PrepareShard prepare, out bool load)
    {
        load = false;
        if (prepare.Fence.Term < Term) return ShardStatus.OlderTerm;
        Term = prepare.Fence.Term;
        if (Ready && History > prepare.Fence.History) return ShardStatus.OtherHistory;
        load = !Ready || History != prepare.Fence.History;
        return ShardStatus.Ok;
    }

    /// <summary>The state of this command is loaded.</summary>
    public void Loaded(PrepareShard prepare)
    {
        _stages.Clear();
        _following = false;
        _followedSince = -1;
        History = prepare.Fence.History;
        Open(prepare.Spec.LeasesPerEpoch, prepare.Version, prepare.ClosedBelow, prepare.Applied, []);
    }

    /// <summary>Becomes a follower: stages are kept from now on, the state is still to come.</summary>
    /// <param name="follow">The command; the same one may come again and again.</param>
    /// <param name="fill">Whether the filling is to begin now.</param>
    public ShardStatus Follow(FollowShard follow, out bool fill)
    {
        fill = false;
        if (follow.Fence.Term < Term) return ShardStatus.OlderTerm;
        Term = follow.Fence.Term;
        if (_followedSince == follow.View && History == follow.Fence.History) return Ready ? ShardStatus.Ok : ShardStatus.NotReady;

        // Whatever it holds misses the stages of the time in which it was no member.
        (Ready, _following, _followedSince, fill) = (false, true, follow.View, true);
        History = follow.Fence.History;
        _leasesPerEpoch = follow.Spec.LeasesPerEpoch;
        (_closedBelow, Applied) = (0, -1);
        _stages.Clear();
        _done.Clear();
        _orders.Clear();
        return ShardStatus.NotReady;
    }

    /// <summary>The state of an image is copied. False if the shard was told something else meanwhile.</summary>
    public bool Filled(FollowShard follow, ShardImage image)
    {
        if (!IsFilling(follow)) return false;
        _following = false;
        Open(_leasesPerEpoch, image.Version, image.ClosedBelow, image.Applied, image.Orders);
        foreach (var attempt in _stages.Keys.Where(attempt => IsDone(attempt.Lease)).ToList()) _stages.Remove(attempt);
        return true;
    }

    /// <summary>Whether the shard still waits for the state that this command asked it to copy.</summary>
    public bool IsFilling(FollowShard follow) => _following && _followedSince == follow.View && History == follow.Fence.History;

    /// <summary>The book as a follower needs it; the tensors are the shard's.</summary>
    public ShardImage Image() => new()
    {
        Status = ShardStatus.Ok,
        Version = Applied,
        ClosedBelow = _closedBelow,
        Applied = [.. _done.Order().Select(ordinal => LeaseId.At(ordinal, _leasesPerEpoch))],
        Orders = [.. _orders],
    };

    /// <summary>Where an attempt stages its effects.</summary>
    /// <param name="attempt">The attempt.</param>
    /// <param name="history">The history it was computed in.</param>
    /// <param name="create">Makes an empty stage.</param>
    /// <param name="stage">The stage; null unless the answer is <see cref="ShardStatus.Ok"/>.</param>
    public ShardStatus Stage(LeaseAttempt attempt, long history, Func<TStage> create, out TStage? stage)
    {
        stage = null;
        if (!Ready && !_following) return ShardStatus.NotReady;
        if (history != History) return ShardStatus.OtherHistory;
        if (IsDone(attempt.Lease)) return ShardStatus.Committed;
        if (!_stages.TryGetValue(attempt, out stage)) _stages.Add(attempt, stage = create());
        return ShardStatus.Ok;
    }

    /// <summary>The orders of a command that come next and whose stages are all here.</summary>
    /// <param name="command">The command; orders that were applied before are passed over.</param>
    /// <param name="isComplete">Whether all parts of a stage are here.</param>
    /// <param name="next">What to apply now, in order. Report each with <see cref="Done"/>.</param>
    public ShardStatus Accept(ApplyOrders command, Func<TStage, bool> isComplete, out IReadOnlyList<VersionOrder> next)
    {
        next = [];
        var status = Check(command.Fence);
        if (status != ShardStatus.Ok) return status;

        _orders.RemoveAll(order => order.Version <= command.KeptSince);
        var ready = new List<VersionOrder>();
        var version = Applied;
        foreach (var order in command.Orders.OrderBy(order => order.Version))
        {
            if (order.Version <= version) continue;
            if (order.Version != version + 1 || !order.Leases.All(IsStaged))
            {
                status = ShardStatus.Missing;
                break;
            }

            ready.Add(order);
            version++;
        }

        next = ready;
        return status;

        bool IsStaged(LeaseCommit lease) =>
            lease.Skipped || (_stages.TryGetValue(lease.Attempt, out var stage) && isComplete(stage));
    }

    /// <summary>What an attempt of a committed lease has staged.</summary>
    public TStage StageOf(LeaseAttempt attempt) => _stages[attempt];

    /// <summary>An order is applied: its stages, and those of other attempts of its leases, are dropped.</summary>
    public void Done(VersionOrder order)
    {
        Applied = order.Version;
        _orders.Add(order);
        foreach (var lease in order.Leases)
        {
            _done.Add(lease.Attempt.Lease.Ordinal(_leasesPerEpoch));
            foreach (var attempt in _stages.Keys.Where(attempt => attempt.Lease == lease.Attempt.Lease).ToList())
                _stages.Remove(attempt);
        }

        // A lease below the closed ones is known to be done by its ordinal alone.
        while (_done.Remove(_closedBelow)) _closedBelow++;
    }

    private void Open(int leasesPerEpoch, long version, long closedBelow, IEnumerable<LeaseId> applied, IEnumerable<VersionOrder> orders)
    {
        _orders.Clear();
        _orders.AddRange(orders);
        _done.Clear();
        _leasesPerEpoch = leasesPerEpoch;
        _closedBelow = closedBelow;
        foreach (var lease in applied) _done.Add(lease.Ordinal(_leasesPerEpoch));
        Applied = version;
        Ready = true;
    }

    private bool IsDone(LeaseId lease)
    {
        var ordinal = lease.Ordinal(_leasesPerEpoch);
        return ordinal < _closedBelow || _done.Contains(ordinal);
    }
}
