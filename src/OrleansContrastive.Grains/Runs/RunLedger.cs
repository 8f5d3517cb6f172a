using OrleansContrastive.Contracts.Leases;
using OrleansContrastive.Contracts.Runs;

namespace OrleansContrastive.Grains.Runs;

/// <summary>
/// The run grain's book: grants leases as attempts, gives each committed lease its place in the one order, and knows
/// what every shard still lacks. Pure state, driven by one thread; time and messages are its caller's.
/// </summary>
internal sealed class RunLedger
{
    // Attempt numbers of different terms never meet: a stage that an earlier run grain asked for stays apart.
    private const int AttemptsPerTerm = 1 << 20;

    // An encoder may ask for the answer to a commit long after its version.
    private const int WinnersKept = 1 << 13;

    private readonly RunSpec _spec;
    private readonly int _leasesPerEpoch;
    private readonly Dictionary<long, Grant> _granted = [];
    private readonly SortedSet<long> _returned = [];
    private readonly SortedDictionary<long, LeaseCommit> _slots = [];
    private readonly List<VersionOrder> _orders = [];
    private readonly Dictionary<long, (LeaseAttempt Attempt, long Version)> _winners = [];
    private readonly LedgerCursor _cursor;
    private long _fresh;
    private long _attempt;

    /// <summary>A book that stands at a cut; the orders that follow it are re-read with <see cref="Recover"/>.</summary>
    public RunLedger(RunSpec spec, Fence fence, LedgerCursor cursor)
    {
        _spec = spec;
        _leasesPerEpoch = spec.LeasesPerEpoch;
        _cursor = cursor.Copy();
        Fence = fence;
        KeptSince = cursor.Version;
        _attempt = fence.Term * AttemptsPerTerm;
        _fresh = _cursor.ClosedBelow;
    }

    private bool Lockstep => _spec.Consistency.Mode == ConsistencyMode.Lockstep;

    private bool Bounded => _spec.Consistency.Mode == ConsistencyMode.Bounded;

    private int Slots => Lockstep ? _spec.Consistency.Slots : 1;

    /// <summary>The term and history that this book commands in.</summary>
    public Fence Fence { get; }

    /// <summary>Newest version in the order.</summary>
    public long Version => _cursor.Version;

    /// <summary>Orders up to this version are in a checkpoint and no longer kept.</summary>
    public long KeptSince { get; private set; }

    /// <summary>Where the order stands.</summary>
    public LedgerCursor Cursor => _cursor;

    /// <summary>Every lease of the run is in the order.</summary>
    public bool IsFinished => _cursor.ClosedBelow >= _spec.TotalLeases;

    /// <summary>Leases that were granted again.</summary>
    public long Regranted { get; private set; }

    /// <summary>
    /// The first version whose stages are sure to reach a member that joins now: leases that are taken and not yet in a
    /// version were staged without it.
    /// </summary>
    public long NextWhole => Version + (_slots.Count > 0 ? 1 : 0);

    /// <summary>Attempts in somebody's hands whose version is there.</summary>
    public int Computable => Lockstep ? _granted.Keys.Count(ordinal => ordinal / Slots <= Version) : _granted.Count;

    /// <summary>Takes the orders that follow the cut, as a shard has kept them.</summary>
    public void Recover(IEnumerable<VersionOrder> orders)
    {
        foreach (var order in orders.OrderBy(order => order.Version))
        {
            if (order.Version <= Version) continue;
            Record(order);
        }
    }

    /// <summary>Answers an encoder that asks for work.</summary>
    /// <param name="request">Who asks, and what it holds.</param>
    /// <param name="encoders">How many share the slots of a version.</param>
    public LeaseReply Acquire(LeaseRequest request, int encoders)
    {
        if (request.History != Fence.History) return new() { Outcome = LeaseOutcome.OtherHistory };
        if (IsFinished) return new() { Outcome = LeaseOutcome.Finished };
        Forget(request);
        if (Next(request, encoders) is not { } ordinal) return new() { Outcome = LeaseOutcome.Wait, After = TimeSpan.FromMilliseconds(2) };

        if (!_returned.Remove(ordinal)) _fresh = ordinal + 1;
        var attempt = new LeaseAttempt(LeaseId.At(ordinal, _leasesPerEpoch), ++_attempt);
        _granted[ordinal] = new(attempt, request.Encoder);
        return new()
        {
            Outcome = LeaseOutcome.Granted,
            Attempt = attempt,
            BaseVersion = Lockstep ? ordinal / Slots : -1,
        };
    }

    /// <summary>Takes back what an encoder was granted and does not hold any more.</summary>
    public void Forget(LeaseRequest request)
    {
        if (request.Holding is { } holding) TakeBack(request.Encoder, grant => !holding.Contains(grant));
    }

    /// <summary>Lets an encoder compute an attempt that it holds; waits while somebody's gradient could become too stale.</summary>
    /// <param name="request">Who and what.</param>
    /// <param name="applied">The version that every shard has applied: the oldest that the encoder can be given.</param>
    public BeginReply Begin(BeginRequest request, long applied)
    {
        var ordinal = request.Attempt.Lease.Ordinal(_leasesPerEpoch);
        if (request.History != Fence.History || !_granted.TryGetValue(ordinal, out var grant) || grant.Attempt != request.Attempt)
            return new(BeginOutcome.Drop);
        if (!Bounded) return new(BeginOutcome.Begin);
        if (grant.BaseVersion is { } begun) return new(BeginOutcome.Begin, begun);

        long[] bases = [.. BasesInWork(ordinal), applied];
        if (!StalenessGate.Admits(Version, bases, _spec.MaximumStaleness)) return new(BeginOutcome.Wait);
        _granted[ordinal] = grant with { BaseVersion = applied };
        return new(BeginOutcome.Begin, applied);
    }

    /// <summary>
    /// Gives a staged attempt its place in the order; the first attempt of a lease wins. Accepted: it is in a version, which
    /// <see cref="VersionOf"/> tells. Pending: it waits for the other slots of its version.
    /// </summary>
    public CommitOutcome Commit(CommitRequest request)
    {
        if (request.History != Fence.History) return CommitOutcome.Refused;
        var ordinal = request.Attempt.Lease.Ordinal(_leasesPerEpoch);
        if (ordinal < 0 || ordinal >= _spec.TotalLeases) return CommitOutcome.Refused;
        if (_slots.TryGetValue(ordinal, out var slot)) return slot.Attempt == request.Attempt ? CommitOutcome.Pending : CommitOutcome.Committed;
        if (_cursor.IsDone(ordinal)) return VersionOf(request.Attempt) is null ? CommitOutcome.Committed : CommitOutcome.Accepted;
        // A gradient of another version has no place in this step's sum.
        if (Lockstep && (ordinal / Slots != Version || request.BaseVersion != Version)) return CommitOutcome.Refused;

        // An attempt that nobody counts with any more must neither be too stale nor make another so.
        if (Bounded && !(Version - request.BaseVersion <= _spec.MaximumStaleness && StalenessGate.Admits(Version + 1, BasesInWork(ordinal), _spec.MaximumStaleness)))
        {
            End(request.Attempt);
            return CommitOutcome.Refused;
        }

        _granted.Remove(ordinal);
        _returned.Remove(ordinal);
        // An attempt that an earlier run grain granted may come before this one's cursor has reached its lease. What is done
        // already must not be granted: whoever computes it is told so, and asks again, for ever.
        while (_fresh <= ordinal)
        {
            if (_fresh != ordinal && !_cursor.IsDone(_fresh)) _returned.Add(_fresh);
            _fresh++;
        }

        _slots.Add(ordinal, new(request.Attempt, request.Samples, request.Skipped, request.BaseVersion));
        if (_slots.Count < Slots) return CommitOutcome.Pending;
        Close();
        return CommitOutcome.Accepted;
    }

    /// <summary>An attempt of the lease is committed.</summary>
    public bool IsTaken(LeaseId lease) => _cursor.IsDone(lease) || _slots.ContainsKey(lease.Ordinal(_leasesPerEpoch));

    /// <summary>The version that an attempt is part of; null where it is part of none, or of a very old one.</summary>
    public long? VersionOf(LeaseAttempt attempt) =>
        _winners.TryGetValue(attempt.Lease.Ordinal(_leasesPerEpoch), out var winner) && winner.Attempt == attempt ? winner.Version : null;

    /// <summary>Takes back all that an encoder holds, because it was not heard of. Returns how many leases.</summary>
    public int EndAttempts(string encoder) => TakeBack(encoder, _ => true);

    /// <summary>The orders that a shard lacks which has applied up to a version, oldest first; at most <paramref name="limit"/>.</summary>
    /// <exception cref="InvalidOperationException">The shard lacks orders that are no longer kept.</exception>
    public VersionOrder[] OrdersAfter(long applied, int limit)
    {
        if (applied < KeptSince)
            throw new InvalidOperationException($"A shard stands at version {applied}; orders are kept since {KeptSince} only.");
        var first = (int)(applied - KeptSince);
        return [.. _orders.Skip(first).Take(limit)];
    }

    /// <summary>A checkpoint at this version is complete: older orders are not needed any more.</summary>
    public void Forget(long version)
    {
        if (version <= KeptSince) return;
        foreach (var (ordinal, _) in _winners.Where(winner => winner.Value.Version < version - WinnersKept).ToList()) _winners.Remove(ordinal);
        _orders.RemoveRange(0, (int)(version - KeptSince));
        KeptSince = version;
    }

    private long[] BasesInWork(long except) =>
        [.. _granted.Where(grant => grant.Key != except && grant.Value.BaseVersion is not null).Select(grant => grant.Value.BaseVersion!.Value)];

    private void End(LeaseAttempt attempt)
    {
        var ordinal = attempt.Lease.Ordinal(_leasesPerEpoch);
        if (_granted.TryGetValue(ordinal, out var grant) && grant.Attempt == attempt && _granted.Remove(ordinal)) _returned.Add(ordinal);
    }

    private int TakeBack(string encoder, Func<LeaseAttempt, bool> which)
    {
        var ended = _granted.Where(grant => grant.Value.Encoder == encoder && which(grant.Value.Attempt)).Select(grant => grant.Key).ToList();
        foreach (var ordinal in ended)
        {
            _granted.Remove(ordinal);
            _returned.Add(ordinal);
        }

        Regranted += ended.Count;
        return ended.Count;
    }

    private long? Next(LeaseRequest request, int encoders)
    {
        var held = _granted.Values.Count(grant => grant.Encoder == request.Encoder);
        // After a recovery, leases beyond the closed ones may be done already.
        while (_fresh < _spec.TotalLeases && (_cursor.IsDone(_fresh) || _slots.ContainsKey(_fresh))) _fresh++;
        long? next = _returned.Count > 0 ? _returned.Min : _fresh < _spec.TotalLeases ? _fresh : null;
        if (next is not { } ordinal) return null;
        // It asks while the lease before is still on its way to the order.
        if (!Lockstep) return held <= _spec.Topology.LeasesAhead + 1 ? ordinal : null;

        // The step in hand may always be helped by an idle encoder, or a lease whose owner died could wait for ever.
        var step = ordinal / Slots;
        if (step <= Version && request.Idle) return ordinal;
        if (held > _spec.Topology.LeasesAhead || step > Version + _spec.Topology.LeasesAhead) return null;
        // One that holds more than its share of a step computes it while others have nothing to do.
        var ofStep = _granted.Count(grant => grant.Value.Encoder == request.Encoder && grant.Key / Slots == step);
        return ofStep * encoders < Slots ? ordinal : null;
    }

    private void Close()
    {
        var order = new VersionOrder
        {
            Version = Version + 1,
            SamplesBefore = _cursor.SamplesApplied,
            Leases = [.. _slots.Values],
        };
        _slots.Clear();
        Record(order);
    }

    private void Record(VersionOrder order)
    {
        _cursor.Apply(order);
        _orders.Add(order);
        _fresh = Math.Max(_fresh, _cursor.ClosedBelow);
        foreach (var lease in order.Leases)
        {
            var ordinal = lease.Attempt.Lease.Ordinal(_leasesPerEpoch);
            _granted.Remove(ordinal);
            _returned.Remove(ordinal);
            _winners[ordinal] = (lease.Attempt, order.Version);
        }
    }

    /// <summary>An attempt in somebody's hands; with the oldest version that its gradient may be taken at, once it is in work.</summary>
    private readonly record struct Grant(LeaseAttempt Attempt, string Encoder, long? BaseVersion = null);
}
