using Orleans;
using Orleans.Storage;
using OrleansContrastive.Checkpoints.Manifests;
using OrleansContrastive.Contracts.Runs;

namespace OrleansContrastive.Grains.Runs;

internal sealed partial class TrainingRunGrain
{
    private static readonly TimeSpan SendPatience = TimeSpan.FromMilliseconds(250);

    private bool _pumping;
    private Task _pump = Task.CompletedTask;

    /// <summary>Does not wait for the timer: encoders in lockstep wait for what was just committed.</summary>
    private void Kick()
    {
        // It reports its own failures.
        if (!_pumping) _pump = PumpAsync(look: false, CancellationToken.None);
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
            if (look && _phase is RunPhase.Completed or RunPhase.Stopped) SeatJudge();
        }
        catch (InconsistentStateException)
        {
            Log.Superseded(logger, Run);
            DeactivateOnIdle();
        }
        catch (CheckpointCorruptedException exception)
        {
            Log.FinalFault(logger, Run, exception);
            await EndDamagedAsync(exception.Message);
        }
        catch (Exception exception) when (CallFaults.IsTransient(exception))
        {
            if (_phase == RunPhase.Preparing) _problem ??= $"tries again: {exception.Message}";
            Log.TransientFault(logger, Run, exception);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            Log.FinalFault(logger, Run, exception);
            await GiveUpAsync($"{exception.GetType().Name}: {exception.Message}");
        }
        finally
        {
            _pumping = false;
        }
    }

    /// <summary>Sends the order to the shards until they have all of it, and takes the checkpoints that are due.</summary>
    private async Task SendAsync(CancellationToken cancellationToken)
    {
        long before;
        do
        {
            before = _fleet!.Applied;
            var answered = await _fleet.ApplyAsync(_ledger!, SendPatience);
            // Whoever waits for its commit looks again.
            _applied.Pulse();
            // A member that hangs or has lost its state is dealt with at the next turn.
            if (!answered || _fleet.Members.Any(member => member.Lost is not null)) return;
        }
        while (_phase == RunPhase.Running && _fleet.Applied < _ledger!.Version && _fleet.Applied > before);

        // A member whose calls fail at once would be asked for ever: the next turn looks whether its silo is gone.
        if (_phase != RunPhase.Running || _fleet.Applied < _ledger!.Version) return;
        var done = _ledger!.IsFinished;
        // Leases of a later step wait for slots that nobody is granted any more.
        var stopping = _stopWanted && _ledger.Computable == 0;
        var due = Spec.CheckpointEvery > 0 && _ledger.Cursor.SamplesApplied - _samplesAtCheckpoint >= Spec.CheckpointEvery;
        // What is not safe in the store is not over.
        if ((done || stopping || due || (_checkpointWanted && !_stopWanted)) && !await TryCheckpointAsync(cancellationToken)) return;
        if (_phase != RunPhase.Running) return;
        if (done) await EndAsync(RunPhase.Completed);
        else if (stopping) await EndAsync(RunPhase.Stopped);
    }
}
