using OrleansContrastive.Contracts.Leases;
using OrleansContrastive.Contracts.Runs;
using OrleansContrastive.Contracts.Shards;
using OrleansContrastive.Grains.Runs;

namespace OrleansContrastive.Grains.Tests.Protocol;

/// <summary>
/// The run's and the shards' books, joined by a network that loses, repeats and reorders, in virtual time: one message
/// or one accident is one step. What the shards apply is written down and checked against the one order.
/// </summary>
internal sealed class SimulatedCluster
{
    private readonly Random _random;
    private readonly RunSpec _spec;
    private readonly int _replicas;
    private readonly List<SimulatedMember>[] _shards;
    private readonly SimulatedEncoder[] _encoders;
    private readonly List<Action> _wire = [];
    private readonly HashSet<LeaseAttempt> _acknowledged = [];
    private RunLedger _ledger;
    private LedgerCursor _checkpoint;
    private long _term = 1;
    private long _history;
    private long _view = 1;
    private long _stagedSince;

    public SimulatedCluster(RunSpec spec, int seed, int shards, int replicas = 1)
    {
        (_spec, _random, _replicas) = (spec, new(seed), replicas);
        _checkpoint = new(spec.LeasesPerEpoch);
        _ledger = new(spec, new(1, 0), _checkpoint);
        _shards = [.. Enumerable.Range(0, shards).Select(_ => Enumerable.Range(0, replicas).Select(_ => new SimulatedMember()).ToList())];
        _encoders = [.. Enumerable.Range(0, spec.Topology.Encoders).Select(i => new SimulatedEncoder($"e{i}"))];
        Prepare();
    }

    /// <summary>Chance of a lost, a repeated message and of a restarted activation, per step.</summary>
    public (double Lost, double Repeated, double Restart) Weather { get; init; } = (0.05, 0.05, 0.005);

    public int Restarts { get; private set; }

    public int RolledBack { get; private set; }

    /// <summary>The oldest gradient that was applied, in versions.</summary>
    public long Stalest { get; private set; }

    /// <summary>Members that were filled from another one while the run went on.</summary>
    public int Filled { get; private set; }

    /// <summary>Commits that were acknowledged to an encoder.</summary>
    public int Acknowledged => _acknowledged.Count;

    private IEnumerable<SimulatedMember> Members => _shards.SelectMany(members => members);

    private IEnumerable<SimulatedMember> InSync => Members.Where(member => member.Joining is null);

    /// <summary>Runs until all leases are applied everywhere, or the steps are used up.</summary>
    public bool RunToEnd(int steps)
    {
        for (var step = 0; step < steps; step++)
        {
            if (_ledger.IsFinished && InSync.All(member => member.Ledger.Ready && member.Ledger.Applied == _ledger.Version)) return true;
            Step();
            Check();
        }

        return false;
    }

    /// <summary>Where everybody stands, for the message of a test that fails.</summary>
    public override string ToString() =>
        $"term {_term}, history {_history}, version {_ledger.Version} of {_spec.TotalLeases} leases, kept since {_ledger.KeptSince}, view {_view}, staged since {_stagedSince}; "
        + string.Join("; ", _shards.Select(members => string.Join(", ", members.Select(member =>
            $"{(member.Joining is { } joining ? $"joins from {joining.FromVersion} in term {joining.Fence.Term}, " : "")}ready {member.Ledger.Ready}, history {member.Ledger.History}, applied {member.Ledger.Applied}, known {member.Known}"))))
        + "; " + string.Join(", ", _encoders.Select(encoder => $"{encoder.Name}: {encoder.Lease?.Attempt} in view {encoder.View}, {encoder.Acknowledged.Count} of {encoder.Members.Count}"));

    private void Step()
    {
        var dice = _random.NextDouble();
        if (dice < Weather.Restart) Accident();
        else if (_wire.Count > 0 && dice < 0.7) Deliver();
        else if (dice < 0.9) Act(_encoders[_random.Next(_encoders.Length)]);
        else if (dice < 0.98) SendOrders();
        else if (dice < 0.99) Join();
        else Checkpoint();
    }

    private void Deliver()
    {
        // Any message of the wire may be the next: reordering.
        var index = _random.Next(_wire.Count);
        var message = _wire[index];
        if (_random.NextDouble() >= Weather.Repeated) _wire.RemoveAt(index);
        if (_random.NextDouble() >= Weather.Lost) message();
    }

    private void Act(SimulatedEncoder encoder)
    {
        if (encoder.Lease is null)
        {
            var reply = _ledger.Acquire(new(encoder.Name, _history, true), _encoders.Length);
            if (reply.Outcome == LeaseOutcome.Granted) encoder.Take(reply, _history);
            if (encoder.Members.Count == 0 || _random.Next(2) == 0) encoder.Look(_view, [.. Members]);
            return;
        }

        var lease = encoder.Lease;
        if (encoder.BaseVersion is not { } baseVersion)
        {
            Begin(encoder, lease, encoder.History);
            return;
        }

        if (encoder.Members.All(encoder.Acknowledged.Contains))
        {
            AskToCommit(encoder, lease, baseVersion);
            return;
        }

        // One at a time: the wire would otherwise grow faster than it is delivered.
        var member = encoder.Members.Where(member => !encoder.Acknowledged.Contains(member)).MinBy(_ => _random.Next())!;
        var history = encoder.History;
        _wire.Add(() =>
        {
            var status = member.Stage(lease.Attempt, history);
            if (status is ShardStatus.Ok or ShardStatus.Committed) _wire.Add(() => encoder.Acknowledge(lease, member));
            else if (history != _history && encoder.Lease == lease) encoder.Drop();
            else if (encoder.Lease == lease) encoder.Look(_view, [.. Members]);
        });
    }

    private void AskToCommit(SimulatedEncoder encoder, LeaseReply lease, long baseVersion)
    {
        var request = new CommitRequest
        {
            Attempt = lease.Attempt,
            History = encoder.History,
            Encoder = encoder.Name,
            BaseVersion = baseVersion,
            KeyVersion = 0,
            Samples = 4,
            Measures = default,
            View = encoder.View,
        };
        _wire.Add(() =>
        {
            if (request.View < _stagedSince && request.History == _history && _ledger.VersionOf(request.Attempt) is null)
            {
                if (encoder.Lease == lease) encoder.Look(_view, [.. Members]);
                return;
            }

            var isNew = !_ledger.IsTaken(request.Attempt.Lease);
            var outcome = _ledger.Commit(request);
            if (isNew && outcome == CommitOutcome.Accepted) Stalest = Math.Max(Stalest, _ledger.Version - 1 - baseVersion);
            if (outcome == CommitOutcome.Accepted && InSync.All(member => member.Known >= _ledger.VersionOf(request.Attempt)))
                _acknowledged.Add(request.Attempt);
            else if (outcome is CommitOutcome.Accepted or CommitOutcome.Pending) return;
            // An encoder that hears "refused" or "committed" drops the lease as well.
            if (encoder.Lease == lease) encoder.Drop();
        });
    }

    /// <summary>Asks whether it may compute, and if so fetches weights of some version that the shards have.</summary>
    private void Begin(SimulatedEncoder encoder, LeaseReply lease, long history)
    {
        if (lease.BaseVersion >= 0 || _spec.Consistency.Mode == ConsistencyMode.Unbounded)
        {
            encoder.Begin(lease, lease.BaseVersion >= 0 ? lease.BaseVersion : InSync.Min(member => Math.Max(0, member.Ledger.Applied)));
            return;
        }

        _wire.Add(() =>
        {
            var reply = _ledger.Begin(new(encoder.Name, history, lease.Attempt), InSync.Min(member => member.Known));
            if (reply.Outcome == BeginOutcome.Wait) return;
            _wire.Add(() =>
            {
                if (reply.Outcome == BeginOutcome.Drop && encoder.Lease == lease) encoder.Drop();
                else encoder.Begin(lease, reply.AtLeast);
            });
        });
    }

    private void SendOrders()
    {
        foreach (var member in InSync)
        {
            if (member.Known >= _ledger.Version || member.Known < _ledger.KeptSince) continue;
            var command = new ApplyOrders(_ledger.Fence, _ledger.OrdersAfter(member.Known, _random.Next(1, 5)), _ledger.KeptSince);
            _wire.Add(() => Answer(member, member.Apply(command), command.Fence));
        }
    }

    private void Answer(SimulatedMember member, ShardStatus status, Fence fence)
    {
        if (fence != _ledger.Fence || member.Joining is not null || !Members.Contains(member)) return;
        if (status is ShardStatus.NotReady or ShardStatus.OtherHistory or ShardStatus.Missing) Lose(member);
        else member.Known = Math.Max(member.Known, member.Ledger.Applied);
    }

    private void Checkpoint()
    {
        if (InSync.Any(member => !member.Ledger.Ready || member.Ledger.Applied != _ledger.Version)) return;
        _checkpoint = _ledger.Cursor.Copy();
        foreach (var member in InSync) member.Known = member.Ledger.Applied;
        var needed = Members.Select(member => member.Joining?.FromVersion).Min() ?? long.MaxValue;
        _ledger.Forget(Math.Min(_checkpoint.Version, needed));
    }

    /// <summary>A shard that has too few members gets a new one, or the new one is filled.</summary>
    private void Join()
    {
        var shard = _random.Next(_shards.Length);
        var members = _shards[shard];
        if (members.Find(member => member.Joining is not null) is { } joining)
        {
            if (!joining.TryFill(members[0])) return;
            (joining.Known, joining.Joining) = (joining.Ledger.Applied, null);
            Filled++;
            return;
        }

        if (members.Count >= _replicas) return;
        var member = new SimulatedMember
        {
            Joining = new()
            {
                Fence = _ledger.Fence,
                Run = "run",
                Spec = _spec,
                Shard = shard,
                Primary = "",
                View = ++_view,
                FromVersion = _ledger.NextWhole,
            },
        };
        member.Ledger.Follow(member.Joining, out _);
        members.Add(member);
        _stagedSince = _view;
    }

    private void Accident()
    {
        switch (_random.Next(3))
        {
            case 0:
                var encoder = _encoders[_random.Next(_encoders.Length)];
                encoder.Drop();
                _ledger.EndAttempts(encoder.Name);
                break;
            case 1:
                var members = _shards[_random.Next(_shards.Length)];
                // One death at a time: the second one comes when the first is made good.
                if (_replicas > 1 && members.Count(member => member.Joining is null) < 2) return;
                var victim = members[_random.Next(members.Count)];
                victim.Restart();
                Lose(victim);
                break;
            default:
                RestartRun();
                break;
        }

        Restarts++;
    }

    private void Lose(SimulatedMember member)
    {
        var shard = _shards.Single(members => members.Contains(member));
        if (shard.Count(other => other.Joining is null && other != member) == 0 && member.Joining is null)
        {
            RollBackIfNeeded();
            return;
        }

        var wasPrimary = shard[0] == member;
        shard.Remove(member);
        if (wasPrimary) shard.RemoveAll(other => other.Joining is not null);
        _view++;
    }

    /// <summary>A new activation of the run grain knows the checkpoint and the members, and asks these for the rest.</summary>
    private void RestartRun()
    {
        _term++;
        // Who was being filled is not in the record: it is found a place anew.
        foreach (var members in _shards) members.RemoveAll(member => member.Joining is not null);
        _view++;
        var asked = InSync.ToList();
        var reports = asked.Select(member => member.Ledger.Report(_term)).ToList();
        if (reports.Any(report => report.Status != ShardStatus.Ok || report.History != _history))
        {
            RollBackIfNeeded();
            return;
        }

        _ledger = new(_spec, new(_term, _history), _checkpoint);
        _ledger.Recover(reports.SelectMany(report => report.Orders));
        foreach (var (member, report) in asked.Zip(reports)) member.Known = report.Applied;
    }

    private void RollBackIfNeeded()
    {
        if (Members.All(member => member.Ledger.Ready && member.Ledger.History == _history)) return;
        RolledBack++;
        _acknowledged.Clear();
        _history++;
        _term++;
        _view++;
        _ledger = new(_spec, new(_term, _history), _checkpoint);
        Prepare();
    }

    private void Prepare()
    {
        foreach (var member in Members)
        {
            member.Joining = null;
            member.Prepare(_spec, new(_term, _history), _checkpoint);
        }
    }

    private void Check()
    {
        var ready = InSync.Where(member => member.Ledger.Ready && member.Ledger.History == _history).ToList();
        foreach (var member in ready)
        {
            var leases = member.Order.SelectMany(order => order.Leases).Select(lease => lease.Attempt.Lease).ToList();
            Assert.Equal(leases.Count, leases.Distinct().Count());
            foreach (var other in ready)
            {
                var both = Math.Min(member.Order.Count, other.Order.Count);
                for (var i = Math.Max(0, both - 3); i < both; i++)
                    Assert.Equal(member.Order[i].Leases, other.Order[i].Leases);
            }

            // Only the run's order makes anything visible.
            Assert.All(member.Visible, attempt => Assert.Contains(member.Order, order => order.Leases.Any(lease => lease.Attempt == attempt)));
            Assert.True(member.Ledger.Applied <= _ledger.Version, $"A shard stands at {member.Ledger.Applied}, the order at {_ledger.Version}.");
            // Nothing that an encoder was told is ever undone.
            if (_acknowledged.Count > 0 && _random.Next(20) == 0) Assert.Superset(_acknowledged, member.Visible.ToHashSet());
        }
    }
}
