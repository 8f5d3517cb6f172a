using Orleans.Storage;
using OrleansContrastive.Contracts;
using OrleansContrastive.Contracts.Leases;
using OrleansContrastive.Contracts.Runs;
using OrleansContrastive.Contracts.Shards;

namespace OrleansContrastive.Grains.Runs;

internal sealed partial class TrainingRunGrain
{
    // Versions that encoders have met: of this history while it has no owner that knows, and of the one that was rolled back.
    private long _reached;
    private long _undoneFrom = long.MaxValue;
    private bool _wasBegun;

    // The history that the last roll-back began, and the version that it went back to, until somebody works in it.
    private (long History, long Version)? _rolledBack;

    /// <summary>Begins to learn: goes on with the shards that survived, or has new ones load one cut.</summary>
    private async Task PrepareAsync(CancellationToken cancellationToken)
    {
        if (record.State.Members is { } members)
        {
            if (await TryRecoverAsync(members, cancellationToken) is { } begun)
            {
                if (begun) Begin();
                return;
            }
        }

        if (await TryStartAsync(cancellationToken)) Begin();
    }

    /// <summary>
    /// A new activation finds the shards as the last one left them. True: they go on. False: it waits for some of them. Null: a
    /// shard has lost its state with all of its members.
    /// </summary>
    private async Task<bool?> TryRecoverAsync(RunMembers members, CancellationToken cancellationToken)
    {
        var fleet = new ShardFleet(GrainFactory, Run, Spec, time);
        foreach (var key in members.Parameters.Concat(members.Negatives).SelectMany(keys => keys)) fleet.Add(key, inSync: true);
        _fleet = fleet;
        // Whoever is silent for as long as it takes to call a silo dead is not waited for.
        var patient = time.GetElapsedTime(_activated) <= WorkerRoster.Patience;
        foreach (var member in fleet.Members.Where(member => !_roster.IsActive(member.Silo, member.Key)).ToList())
        {
            if (patient || _roster.IsAlive(member.Silo))
            {
                _problem = $"waits for silo '{member.Silo}' to wake {member.Key}";
                return false;
            }

            fleet.Remove(member);
            Log.MemberLost(logger, Run, member.Key, "its silo is silent");
        }

        if (!fleet.IsWhole) return null;
        var manifest = await checkpoints.Manifests(Run).LatestAsync(cancellationToken);
        var cut = manifest is null ? new LedgerCursor(Spec.LeasesPerEpoch) : RunManifest.CutOf(manifest, Spec);
        var orders = new List<VersionOrder>();
        foreach (var (member, report) in await fleet.ReportAsync(record.State.Term))
        {
            Refuse(report.Status);
            if (report.Status == ShardStatus.Ok && report.History == record.State.History && report.Applied >= cut.Version)
            {
                member.Applied = report.Applied;
                orders.AddRange(report.Orders);
                continue;
            }

            fleet.Remove(member);
            Log.MemberLost(logger, Run, member.Key, $"it answered {report.Status}, history {report.History}, version {report.Applied}");
        }

        if (!fleet.IsWhole) return null;
        _ledger = new(Spec, new(record.State.Term, record.State.History), cut);
        _ledger.Recover(orders);
        // What was committed since the checkpoint is missing in it.
        _history = await RunHistory.ReadAsync(checkpoints.Manifests(Run), manifest, cancellationToken);
        _stagedSince = members.StagedSince;
        await SaveMembersAsync();
        (_samplesAtCheckpoint, _checkpoint) = (cut.SamplesApplied, manifest is null ? null : $"{Run}@{manifest.Version}");
        return true;
    }

    /// <summary>Finds places for all grains, waits until they are awake, and has the shards load one cut.</summary>
    private async Task<bool> TryStartAsync(CancellationToken cancellationToken)
    {
        if (record.State.Members is not null)
        {
            _wasBegun = true;
            record.State.Members = null;
            _fleet = null;
            (_plan, _view) = (null, null);
        }

        // A silo that went while the run waits leaves its places to others.
        _plan = _planner.Plan(record.State.Scale, _roster.Workers, _plan, out _problem);
        if (_plan is null) return false;
        if (_plan.Grains.FirstOrDefault(key => !IsAwake(key)) is { } asleep)
        {
            _problem = $"waits for silo '{GrainKeys.Parse(asleep).Silo}' to wake {asleep}";
            return false;
        }

        _problem = null;
        var fleet = new ShardFleet(GrainFactory, Run, Spec, time);
        foreach (var key in _plan.Parameters.Concat(_plan.Negatives).SelectMany(keys => keys)) fleet.Add(key, inSync: true);
        var reports = await fleet.ReportAsync(record.State.Term);
        foreach (var (_, report) in reports) Refuse(report.Status);

        var manifest = await checkpoints.Manifests(Run).LatestAsync(cancellationToken);
        var cut = manifest is null ? new LedgerCursor(Spec.LeasesPerEpoch) : RunManifest.CutOf(manifest, Spec);
        // Where it had begun, somebody may still work in its history.
        var fresh = manifest is null && !_wasBegun && (_ledger?.Version ?? 0) == 0 && reports.All(report => report.Report.Status == ShardStatus.NotReady);
        var reached = Math.Max(
            _ledger?.Version ?? 0,
            reports.Where(report => report.Report.History == record.State.History).Select(report => report.Report.Applied).DefaultIfEmpty().Max());
        // A try before this one, after which the store or a shard failed, has rolled back already.
        if (!fresh && _rolledBack != (record.State.History, cut.Version)) RollBack(reached, cut);

        var fence = new Fence(record.State.Term, record.State.History);
        (_fleet, _stagedSince) = (fleet, 0);
        await SaveMembersAsync();
        if (await fleet.PrepareAsync(fence, cut, restore: manifest is not null) is var (member, reply))
        {
            Refuse(reply.Status);
            if (reply.Status != ShardStatus.Damaged)
                throw new TimeoutException($"{member} answered {reply.Status} while it was prepared{(reply.Problem is { } problem ? $": {problem}" : ".")}");
            await EndDamagedAsync(reply.Problem!);
            return false;
        }

        _ledger = new(Spec, fence, cut);
        _history = await RunHistory.ReadAsync(checkpoints.Manifests(Run), manifest, cancellationToken);
        (_samplesAtCheckpoint, _checkpoint) = (cut.SamplesApplied, manifest is null ? null : $"{Run}@{manifest.Version}");
        return true;
    }

    private Task EndDamagedAsync(string damage) =>
        GiveUpAsync($"{damage} The run can go on from an earlier checkpoint, if one is whole (contrastive checkpoint verify).");

    private void Begin()
    {
        _rolledBack = null;
        _phase = RunPhase.Running;
        _problem = null;
        Publish();
        Log.Began(logger, Run, _ledger!.Fence.History, _ledger.Version);
    }

    /// <summary>State was lost: all go back, as one, to the cut. Takes effect with the next write of the record.</summary>
    private void RollBack(long reached, LedgerCursor cut)
    {
        _undoneFrom = Math.Max(Math.Max(reached, _reached), cut.Version);
        (_reached, _wasBegun) = (0, false);
        var undone = _undoneFrom - cut.Version;
        record.State.History++;
        record.State.UpdatesRolledBack += undone;
        _rolledBack = (record.State.History, cut.Version);
        if (undone > 0) Log.RolledBack(logger, Run, undone, cut.Version, _lossReason ?? "the shards have lost their state");
        _lossReason = null;
    }

    private void Refuse(ShardStatus status)
    {
        if (status == ShardStatus.OlderTerm)
            throw new InconsistentStateException($"A newer activation of run '{Run}' commands the shards.");
    }
}
