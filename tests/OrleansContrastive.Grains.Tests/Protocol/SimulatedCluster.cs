using OrleansContrastive.Contracts.Leases;
using OrleansContrastive.Contracts.Runs;
using OrleansContrastive.Contracts.Shards;
using OrleansContrastive.Grains.Runs;
using OrleansContrastive.Grains.Shards;

namespace OrleansContrastive.Grains.Tests.Protocol;

/// <summary>
/// The run's and the shards' books, joined by a network that loses, repeats and reorders, in virtual time: one message
/// or one accident is one step. What the shards apply is written down and checked against the one order.
/// </summary>
internal sealed class SimulatedCluster
{
    private readonly Random _random;
    private readonly RunSpec _spec;
    private readonly Shard[] _shards;
    private readonly Encoder[] _encoders;
    private readonly List<Action> _wire = [];
    private RunLedger _ledger;
    private LedgerCursor _checkpoint;
    private long _term = 1;
    private long _history;

    public SimulatedCluster(RunSpec spec, int seed, int shards)
    {
        (_spec, _random) = (spec, new(seed));
        _checkpoint = new(spec.LeasesPerEpoch);
        _ledger = new(spec, new(1, 0), _checkpoint);
        _shards = [.. Enumerable.Range(0, shards).Select(_ => new Shard())];
        _encoders = [.. Enumerable.Range(0, spec.Topology.Encoders).Select(i => new Encoder($"e{i}"))];
        Prepare();
    }

    /// <summary>Chance of a lost, a repeated message and of a restarted activation, per step.</summary>
    public (double Lost, double Repeated, double Restart) Weather { get; init; } = (0.05, 0.05, 0.005);

    public int Restarts { get; private set; }

    public int RolledBack { get; private set; }

    /// <summary>The oldest gradient that was applied, in versions.</summary>
    public long Stalest { get; private set; }

    /// <summary>Runs until all leases are applied everywhere, or the steps are used up.</summary>
    public bool RunToEnd(int steps)
    {
        for (var step = 0; step < steps; step++)
        {
            if (_ledger.IsFinished && _shards.All(shard => shard.Ledger.Ready && shard.Ledger.Applied == _ledger.Version)) return true;
            Step();
            Check();
        }

        return false;
    }

    private void Step()
    {
        var dice = _random.NextDouble();
        if (dice < Weather.Restart) Accident();
        else if (_wire.Count > 0 && dice < 0.7) Deliver();
        else if (dice < 0.9) Act(_encoders[_random.Next(_encoders.Length)]);
        else if (dice < 0.99) SendOrders();
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

    private void Act(Encoder encoder)
    {
        if (encoder.Lease is null)
        {
            var reply = _ledger.Acquire(new(encoder.Name, _history, true));
            if (reply.Outcome == LeaseOutcome.Granted) encoder.Take(reply, _history, _shards.Length);
            return;
        }

        var (lease, history) = (encoder.Lease, encoder.History);
        if (encoder.BaseVersion is not { } baseVersion)
        {
            Begin(encoder, lease, history);
            return;
        }

        if (encoder.Acknowledged.All(acknowledged => acknowledged))
        {
            var request = new CommitRequest
            {
                Attempt = lease.Attempt,
                History = history,
                Encoder = encoder.Name,
                BaseVersion = baseVersion,
                KeyVersion = 0,
                Samples = 4,
                Measures = default,
            };
            _wire.Add(() =>
            {
                // An encoder that hears "refused" or "committed" drops the lease as well.
                if (_ledger.Commit(request) == CommitOutcome.Accepted) Stalest = Math.Max(Stalest, _ledger.Version - 1 - baseVersion);
                if (encoder.Lease == lease) encoder.Drop();
            });
            return;
        }

        for (var i = 0; i < _shards.Length; i++)
        {
            if (encoder.Acknowledged[i]) continue;
            var (shard, index) = (_shards[i], i);
            _wire.Add(() =>
            {
                var status = shard.Stage(lease.Attempt, history);
                if (status is ShardStatus.Ok or ShardStatus.Committed) _wire.Add(() => encoder.Acknowledge(lease, index));
                else if (status == ShardStatus.OtherHistory && encoder.Lease == lease) encoder.Drop();
            });
        }
    }

    /// <summary>Asks whether it may compute, and if so fetches weights of some version that the shards have.</summary>
    private void Begin(Encoder encoder, LeaseReply lease, long history)
    {
        if (lease.BaseVersion >= 0 || _spec.Consistency.Mode == ConsistencyMode.Unbounded)
        {
            encoder.Begin(lease, lease.BaseVersion >= 0 ? lease.BaseVersion : _shards.Min(shard => shard.Ledger.Applied));
            return;
        }

        _wire.Add(() =>
        {
            var reply = _ledger.Begin(new(encoder.Name, history, lease.Attempt), _shards.Min(shard => shard.Known));
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
        foreach (var shard in _shards)
        {
            if (shard.Known >= _ledger.Version || shard.Known < _ledger.KeptSince) continue;
            var command = new ApplyOrders(_ledger.Fence, _ledger.OrdersAfter(shard.Known, _random.Next(1, 5)), _ledger.KeptSince);
            _wire.Add(() => Answer(shard, shard.Apply(command), command.Fence));
        }
    }

    private void Answer(Shard shard, ShardStatus status, Fence fence)
    {
        if (fence != _ledger.Fence) return;
        if (status is ShardStatus.NotReady or ShardStatus.OtherHistory or ShardStatus.Missing) RollBackIfNeeded();
        else shard.Known = Math.Max(shard.Known, shard.Ledger.Applied);
    }

    private void Checkpoint()
    {
        if (_shards.Any(shard => !shard.Ledger.Ready || shard.Ledger.Applied != _ledger.Version)) return;
        _checkpoint = _ledger.Cursor.Copy();
        foreach (var shard in _shards) shard.Known = shard.Ledger.Applied;
        _ledger.Forget(_checkpoint.Version);
    }

    private void Accident()
    {
        Restarts++;
        switch (_random.Next(3))
        {
            case 0:
                var encoder = _encoders[_random.Next(_encoders.Length)];
                encoder.Drop();
                _ledger.EndAttempts(encoder.Name);
                break;
            case 1:
                _shards[_random.Next(_shards.Length)].Restart();
                RollBackIfNeeded();
                break;
            default:
                RestartRun();
                break;
        }
    }

    /// <summary>A new activation of the run grain knows the checkpoint and asks the shards for the rest.</summary>
    private void RestartRun()
    {
        _term++;
        var reports = _shards.Select(shard => shard.Ledger.Report(_term)).ToList();
        if (reports.Any(report => report.Status != ShardStatus.Ok || report.History != _history))
        {
            RollBackIfNeeded();
            return;
        }

        _ledger = new(_spec, new(_term, _history), _checkpoint);
        _ledger.Recover(reports.MaxBy(report => report.Applied)!.Orders);
        for (var i = 0; i < _shards.Length; i++) _shards[i].Known = reports[i].Applied;
    }

    private void RollBackIfNeeded()
    {
        if (_shards.All(shard => shard.Ledger.Ready && shard.Ledger.History == _history)) return;
        RolledBack++;
        _history++;
        _term++;
        _ledger = new(_spec, new(_term, _history), _checkpoint);
        Prepare();
    }

    private void Prepare()
    {
        foreach (var shard in _shards) shard.Prepare(_spec, new(_term, _history), _checkpoint);
    }

    private void Check()
    {
        foreach (var shard in _shards)
        {
            if (!shard.Ledger.Ready || shard.Ledger.History != _history) continue;
            var leases = shard.Order.SelectMany(order => order.Leases).Select(lease => lease.Attempt.Lease).ToList();
            Assert.Equal(leases.Count, leases.Distinct().Count());
            foreach (var other in _shards)
            {
                if (!other.Ledger.Ready || other.Ledger.History != _history) continue;
                var both = Math.Min(shard.Order.Count, other.Order.Count);
                for (var i = Math.Max(0, both - 3); i < both; i++)
                    Assert.Equal(shard.Order[i].Leases, other.Order[i].Leases);
            }

            // Only the run's order makes anything visible.
            Assert.All(shard.Visible, attempt => Assert.Contains(shard.Order, order => order.Leases.Any(lease => lease.Attempt == attempt)));
            Assert.True(shard.Ledger.Applied <= _ledger.Version, $"A shard stands at {shard.Ledger.Applied}, the order at {_ledger.Version}.");
        }
    }

    private sealed class Encoder(string name)
    {
        public string Name { get; } = name;

        public LeaseReply? Lease { get; private set; }

        public long History { get; private set; }

        public bool[] Acknowledged { get; private set; } = [];

        /// <summary>Version that it computes with; null before it may.</summary>
        public long? BaseVersion { get; private set; }

        public void Take(LeaseReply lease, long history, int shards) =>
            (Lease, History, Acknowledged, BaseVersion) = (lease, history, new bool[shards], null);

        public void Begin(LeaseReply lease, long version)
        {
            if (Lease == lease) BaseVersion ??= version;
        }

        public void Acknowledge(LeaseReply lease, int shard)
        {
            if (Lease == lease) Acknowledged[shard] = true;
        }

        public void Drop() => Lease = null;
    }

    private sealed class Shard
    {
        private int _base;

        public ShardLedger<Box> Ledger { get; private set; } = new();

        public List<VersionOrder> Order { get; } = [];

        public List<LeaseAttempt> Visible { get; } = [];

        /// <summary>What the run grain knows of this shard.</summary>
        public long Known { get; set; }

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
            _base = (int)cut.Version;
            Known = cut.Version;
            Assert.Equal(_base, Order.Count);
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
    }

    private sealed record Box(LeaseAttempt Attempt);
}
