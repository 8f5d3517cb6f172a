using Orleans;
using Orleans.Storage;
using OrleansContrastive.Contracts.Runs;

namespace OrleansContrastive.Grains.Runs;

internal sealed partial class TrainingRunGrain
{
    private static readonly TimeSpan SendPatience = TimeSpan.FromMilliseconds(250);

    private const int CheckpointsKept = 3;

    private bool _pumping;
    private long _samplesAtCheckpoint;

    /// <summary>Does not wait for the timer: encoders in lockstep wait for what was just committed.</summary>
    private void Kick()
    {
        // It reports its own failures.
        if (!_pumping) _ = PumpAsync(look: false, CancellationToken.None);
    }

    /// <summary>One turn of the run: look who is there, if wanted, and send the order.</summary>
    private async Task PumpAsync(bool look, CancellationToken cancellationToken)
    {
        if (_pumping) return;
        _pumping = true;
        try
        {
            if (look) await LoseAsync();
            if (look && _phase == RunPhase.Preparing) await PrepareAsync(cancellationToken);
            if (look && _phase == RunPhase.Running) await ReviseAsync();
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
        do
        {
            var answered = await _fleet!.ApplyAsync(_ledger!, SendPatience);
            // Whoever waits for its commit looks again.
            _applied.Pulse();
            // A member that hangs or has lost its state is dealt with at the next turn.
            if (!answered || _fleet.Members.Any(member => member.Lost is not null)) return;
        }
        while (_phase == RunPhase.Running && _fleet.Applied < _ledger!.Version);

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
        // A member that is being filled needs what follows the state that it copies.
        _ledger.Forget(Math.Min(cut.Version, _fleet.NeededSince));
        await manifests.PruneAsync(CheckpointsKept, cancellationToken);
        Log.Checkpointed(logger, Run, cut.Version);
    }
}
