using Orleans;
using Orleans.Storage;
using OrleansContrastive.Checkpoints.Manifests;
using OrleansContrastive.Contracts;
using OrleansContrastive.Contracts.Leases;
using OrleansContrastive.Contracts.Runs;
using OrleansContrastive.Contracts.Shards;
using OrleansContrastive.Contracts.Workers;

namespace OrleansContrastive.Grains.Runs;

internal sealed partial class TrainingRunGrain
{
    private bool _pumping;
    private long _samplesAtCheckpoint;

    /// <summary>Does not wait for the timer: encoders in lockstep wait for what was just committed.</summary>
    private void Kick()
    {
        // It reports its own failures.
        if (!_pumping) _ = PumpAsync(CancellationToken.None);
    }

    private async Task PumpAsync(CancellationToken cancellationToken)
    {
        if (_pumping) return;
        _pumping = true;
        try
        {
            ExpireWorkers();
            if (_phase == RunPhase.Preparing) await PrepareAsync(cancellationToken);
            if (_phase == RunPhase.Running) await SendAsync(cancellationToken);
        }
        catch (InconsistentStateException)
        {
            Log.Superseded(logger, Run);
            DeactivateOnIdle();
        }
        catch (Exception exception) when (CallFaults.IsTransient(exception))
        {
            Log.TransientFault(logger, Run, exception);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            Log.FinalFault(logger, Run, exception);
            await EndAsync(RunPhase.Failed, $"{exception.GetType().Name}: {exception.Message}");
        }
        finally
        {
            _pumping = false;
        }
    }

    /// <summary>Sends the order to the shards until they have all of it, and takes the checkpoints that are due.</summary>
    private async Task SendAsync(CancellationToken cancellationToken)
    {
        while (_phase == RunPhase.Running && _fleet!.Applied < _ledger!.Version)
        {
            var status = await _fleet.ApplyAsync(_ledger);
            if (status == ShardStatus.OlderTerm) throw new InconsistentStateException($"A newer activation of run '{Run}' commands the shards.");
            if (status is ShardStatus.NotReady or ShardStatus.OtherHistory or ShardStatus.Missing)
            {
                await RollBackAsync($"a shard answered {status}");
                return;
            }
        }

        if (_phase != RunPhase.Running) return;
        var done = _ledger!.IsFinished;
        // Leases of a later step wait for slots that nobody is granted any more.
        var stopping = _stopWanted && _ledger.Computable == 0;
        var due = Spec.CheckpointEvery > 0 && _ledger.Cursor.SamplesApplied - _samplesAtCheckpoint >= Spec.CheckpointEvery;
        if (done || stopping || due || (_checkpointWanted && !_stopWanted)) await CheckpointAsync(cancellationToken);
        if (_phase != RunPhase.Running) return;
        if (done) await EndAsync(RunPhase.Completed, null);
        else if (stopping) await EndAsync(RunPhase.Stopped, null);
    }

    private async Task CheckpointAsync(CancellationToken cancellationToken)
    {
        // Commits go on meanwhile; the shards stand still at this version until the next order is sent.
        var cut = _ledger!.Cursor.Copy();
        if (cut.Version != _fleet!.Applied) return;
        _checkpointWanted = false;
        if (cut.Version == _ledger.KeptSince && _checkpoint is not null) return;

        var fence = _ledger.Fence;
        var files = await _fleet.SnapshotAsync(fence, cut.Version, $"term-{fence.Term}");
        if (files is null) return;
        var manifest = RunManifest.Create(Run, Spec, fence, cut, files, machine.Facts(Spec));
        var manifests = checkpoints.Manifests(Run);
        await manifests.PublishAsync(manifest, cancellationToken);
        _checkpoint = $"{Run}@{cut.Version}";
        _samplesAtCheckpoint = cut.SamplesApplied;
        _ledger.Forget(cut.Version);
        await manifests.PruneAsync(CheckpointsKept, cancellationToken);
        Log.Checkpointed(logger, Run, cut.Version);
    }

    private void ExpireWorkers()
    {
        foreach (var silo in _roster.Expire())
        {
            if (_plan is null) continue;
            var lost = RunPlanner.Grains(_plan).Where(key => GrainKeys.Parse(key).Silo == silo).ToList();
            var leases = _ledger is null ? 0 : _plan.Encoders.Where(lost.Contains).Sum(_ledger.EndAttempts);
            Log.Silent(logger, Run, silo, leases);
            // Whatever it hosted finds a new place; shards begin again from the last checkpoint there.
            if (lost.Count > 0 && _phase == RunPhase.Running) _phase = RunPhase.Preparing;
            if (lost.Count > 0) _plan = null;
        }
    }
}
