using OrleansContrastive.Checkpoints.Manifests;
using OrleansContrastive.Contracts;
using OrleansContrastive.Contracts.Leases;
using OrleansContrastive.Contracts.Runs;
using OrleansContrastive.Contracts.Shards;
using OrleansContrastive.Contracts.Workers;

namespace OrleansContrastive.Grains.Runs;

internal sealed partial class TrainingRunGrain
{
    private const int CheckpointsKept = 3;

    /// <summary>Finds places for all grains, waits until they are awake, and has the shards load one cut.</summary>
    private async Task PrepareAsync(CancellationToken cancellationToken)
    {
        _plan ??= RunPlanner.Plan(Run, Spec, record.State.History, _roster.Workers, out _problem);
        if (_plan is null) return;
        if (RunPlanner.Grains(_plan).FirstOrDefault(key => !_roster.IsActive(GrainKeys.Parse(key).Silo, key)) is { } asleep)
        {
            _problem = $"waits for silo '{GrainKeys.Parse(asleep).Silo}' to wake {asleep}";
            return;
        }

        _problem = null;
        var fleet = new ShardFleet(GrainFactory, Run, _plan);
        var reports = await fleet.ReportAsync(record.State.Term);
        if (reports.Any(report => report.Status == ShardStatus.OlderTerm))
            throw new Orleans.Storage.InconsistentStateException($"A newer activation of run '{Run}' commands the shards.");

        var manifest = await checkpoints.Manifests(Run).LatestAsync(cancellationToken);
        var cut = manifest is null ? new LedgerCursor(Spec.LeasesPerEpoch) : RunManifest.CutOf(manifest, Spec);
        // The shards went on while only the run grain was lost: the longest order is the order.
        var survived = reports.All(report => report.Status == ShardStatus.Ok && report.History == record.State.History && report.Applied >= cut.Version);
        var fresh = manifest is null && reports.All(report => report.Status == ShardStatus.NotReady) && (_ledger?.Version ?? 0) == 0;
        if (!survived && !fresh) await NewHistoryAsync(reports, cut, cancellationToken);

        var fence = new Fence(record.State.Term, record.State.History);
        var ledger = new RunLedger(Spec, fence, cut);
        if (survived) ledger.Recover(reports.MaxBy(report => report.Applied)!.Orders);
        var status = await fleet.PrepareAsync(fence, Spec, cut, restore: manifest is not null);
        if (status != ShardStatus.Ok) throw new TimeoutException($"A shard of run '{Run}' answered {status} while it was prepared.");

        _plan = _plan with { History = fence.History };
        (_ledger, _fleet, _samplesAtCheckpoint) = (ledger, fleet, cut.SamplesApplied);
        _checkpoint = manifest is null ? null : $"{Run}@{manifest.Version}";
        _phase = RunPhase.Running;
        Log.Began(logger, Run, fence.History, ledger.Version);
    }

    /// <summary>State was lost: all go back, as one, to the cut.</summary>
    private async Task NewHistoryAsync(ShardReport[] reports, LedgerCursor cut, CancellationToken cancellationToken)
    {
        var reached = Math.Max(_ledger?.Version ?? 0, reports.Where(report => report.History == record.State.History).Select(report => report.Applied).DefaultIfEmpty().Max());
        var undone = Math.Max(0, reached - cut.Version);
        record.State.History++;
        record.State.UpdatesRolledBack += undone;
        await record.WriteStateAsync(cancellationToken);
        if (undone > 0) Log.RolledBack(logger, Run, undone, cut.Version, "a shard has lost its state");
    }

    private async Task RollBackAsync(string reason)
    {
        _problem = $"rolls back: {reason}";
        _phase = RunPhase.Preparing;
        await PrepareAsync(CancellationToken.None);
    }
}
