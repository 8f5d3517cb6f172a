using OrleansContrastive.Contracts;
using OrleansContrastive.Contracts.Runs;
using OrleansContrastive.Contracts.Shards;
using OrleansContrastive.Grains.Workers;

namespace OrleansContrastive.Grains.Runs;

internal sealed partial class TrainingRunGrain
{
    // Numbers of different terms never meet.
    private const int ViewsPerTerm = 1 << 20;

    private long _views;
    private long _stagedSince;
    private string? _lossReason;

    // Members were struck out or taken in, and a failure may have kept that from being written and told.
    private bool _viewDue;

    /// <summary>Strikes out silos that are silent and members that have lost their state.</summary>
    private async Task LoseAsync()
    {
        foreach (var silo in _roster.Expire())
        {
            if (_plan is null && _fleet is null) continue;
            var leases = _ledger is null || _view is null ? 0 : _view.Encoders.Where(key => SiloOf(key) == silo).Sum(_ledger.EndAttempts);
            record.State.SilosLost++;
            Log.Silent(logger, Run, silo, leases);
            if (_phase != RunPhase.Running) continue;
            foreach (var member in _fleet!.Members.Where(member => member.Silo == silo).ToList()) _viewDue |= Strike(member, $"silo '{silo}' is silent");
        }

        if (_phase != RunPhase.Running) return;
        foreach (var member in _fleet!.Members.Where(member => member.Lost is not null).ToList())
        {
            Refuse(member.Lost!.Value);
            _viewDue |= Strike(member, $"{member.Key} answered {member.Lost}");
        }

        if (!_viewDue) return;
        if (_fleet.IsWhole)
        {
            // Nobody may act on the view before it is written.
            await SaveMembersAsync();
            Publish();
        }
        else
        {
            _problem = $"rolls back: {_lossReason}";
            _phase = RunPhase.Preparing;
        }
    }

    private bool Strike(ShardMember member, string reason)
    {
        _fleet!.Remove(member);
        _lossReason = reason;
        Log.MemberLost(logger, Run, member.Key, reason);
        return true;
    }

    /// <summary>Gives new silos work, and finds new members for shards that have too few.</summary>
    private async Task ReviseAsync()
    {
        var before = Kept();
        var plan = _planner.Plan(record.State.Scale, _roster.Workers, before, out var missing);
        _problem = missing ?? Thin() ?? _barred;
        if (plan is null) return;
        _plan = plan;

        var joined = false;
        foreach (var key in plan.Parameters.Concat(plan.Negatives).SelectMany(keys => keys))
        {
            if (_fleet!.Members.Any(member => member.Key == key) || !IsAwake(key)) continue;
            // It gets the stages of all attempts that are staged in the next view.
            var member = _fleet.Add(key, inSync: false, joinedAt: NextView, fromVersion: _ledger!.NextWhole);
            Log.Joins(logger, Run, key, member.FromVersion);
            joined = true;
        }

        if (joined) _stagedSince = NextView;
        var released = Release();
        _viewDue |= joined || released || HasChanged();
        // Nobody may act on a view without a member before that is written.
        if (released) await SaveMembersAsync();
        if (_viewDue) Publish();

        // Full ones may be relied on when that is written.
        if (record.State.Members is { } members
            && (!Same(members.Parameters, _fleet!.Parameters()) || !Same(members.Negatives, _fleet.Negatives()))) await SaveMembersAsync();
    }

    /// <summary>Lets members go whose silos leave, where others hold the state.</summary>
    private bool Release()
    {
        var leaving = _fleet!.Members.Where(member => _roster.IsLeaving(member.Silo)).ToList();
        var released = false;
        foreach (var member in leaving)
        {
            if (member.InSync && !_fleet.HasOthers(member, other => !_roster.IsLeaving(other.Silo))) continue;
            released |= Strike(member, $"silo '{member.Silo}' leaves");
        }

        return released;
    }

    /// <summary>What has a place and is to keep it: shards stay where their state is.</summary>
    private RunPlan Kept() => new()
    {
        Parameters = _fleet!.Parameters(all: true),
        Negatives = _fleet.Negatives(all: true),
        Encoders = _view?.Encoders ?? [],
        MomentumEncoders = _view?.MomentumEncoders ?? [],
        Augmentations = _view?.Augmentations ?? [],
        Evaluation = _view?.Evaluation ?? GrainKeys.Evaluation(Run, ""),
    };

    private long NextView => (record.State.Term * ViewsPerTerm) + _views + 1;

    /// <summary>Makes what is awake of the plan known, under a new number.</summary>
    private void Publish()
    {
        _plan ??= _planner.Plan(record.State.Scale, _roster.Workers, Kept(), out _problem);
        if (_plan is null) return;
        _viewDue = false;
        _views++;
        var encoders = Awake(_plan.Encoders);
        foreach (var encoder in (_view?.Encoders ?? []).Except(encoders))
        {
            _ledger!.EndAttempts(encoder);
            if (GradientWire.KeepsResiduals(Spec)) _meters.Clocks.LostResiduals(1);
        }

        _view = new()
        {
            Number = (record.State.Term * ViewsPerTerm) + _views,
            History = _ledger!.Fence.History,
            Spec = Spec,
            ParameterShards = [.. _fleet!.Parameters(all: true).Select(keys => keys[0])],
            ParameterFollowers = [.. _fleet.Parameters(all: true).Select(keys => keys[1..])],
            NegativeShards = [.. _fleet.Negatives(all: true).Select(keys => keys[0])],
            NegativeFollowers = [.. _fleet.Negatives(all: true).Select(keys => keys[1..])],
            Encoders = encoders,
            MomentumEncoders = Awake(_plan.MomentumEncoders),
            Augmentations = Awake(_plan.Augmentations),
            Evaluation = _plan.Evaluation,
        };
        Log.Viewed(logger, Run, _view.Number, _view.Encoders.Length, Members());
    }

    /// <summary>A run that has ended is still judged: where the silo for it has died since, by another one that has encoders.</summary>
    private void SeatJudge()
    {
        if (_view is null || _plan is null || _planner.Evaluation(_roster.Workers, _plan.Evaluation) is not { } place) return;
        _plan = _plan with { Evaluation = place };
        if (place == _view.Evaluation || !IsAwake(place)) return;
        _view = _view with { Number = NextView, Evaluation = place };
        _views++;
        Log.Viewed(logger, Run, _view.Number, _view.Encoders.Length, Members());
    }

    private bool HasChanged() => _view is null
        || !_view.Encoders.SequenceEqual(Awake(_plan!.Encoders))
        || !_view.MomentumEncoders.SequenceEqual(Awake(_plan.MomentumEncoders))
        || !_view.Augmentations.SequenceEqual(Awake(_plan.Augmentations))
        || _view.Evaluation != _plan.Evaluation;

    private async Task SaveMembersAsync()
    {
        var written = record.State.Members;
        record.State.Members = new()
        {
            Parameters = _fleet!.Parameters(),
            Negatives = _fleet.Negatives(),
            StagedSince = _stagedSince,
        };
        try
        {
            await SaveAsync();
        }
        catch
        {
            record.State.Members = written;
            throw;
        }
    }

    private string[] Awake(string[] keys) => [.. keys.Where(IsAwake)];

    private bool IsAwake(string key) => _roster.IsActive(SiloOf(key), key);

    /// <summary>Members with state against those wanted, such as <c>3 of 4</c>.</summary>
    private string Members()
    {
        if (_fleet is null) return "";
        var wanted = (Spec.Topology.ParameterShards + Spec.Topology.NegativeShards) * Spec.Topology.Replicas;
        return $"{_fleet.InSync.Count()} of {wanted}";
    }

    private string? Thin()
    {
        var thin = _fleet!.Parameters().Concat(_fleet.Negatives()).Where(keys => keys.Length < Spec.Topology.Replicas).ToList();
        return thin.Count == 0 ? null : $"{thin.Count} shards have fewer than {Spec.Topology.Replicas} complete members, such as {thin[0].FirstOrDefault()}";
    }

    private static bool Same(string[][] one, string[][] other) => one.Zip(other).All(pair => pair.First.SequenceEqual(pair.Second));

    private static string SiloOf(string key) => GrainKeys.Parse(key).Silo;
}
