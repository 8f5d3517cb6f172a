using Orleans.Storage;
using OrleansContrastive.Checkpoints.Manifests;
using OrleansContrastive.Contracts.Runs;
using OrleansContrastive.Grains.Silos;

namespace OrleansContrastive.Grains.Runs;

internal sealed partial class TrainingRunGrain
{
    private static readonly TimeSpan CheckpointPause = TimeSpan.FromSeconds(5);

    private long _samplesAtCheckpoint;
    private string? _checkpointProblem;
    private long _checkpointFailed;

    /// <summary>
    /// Takes a checkpoint; true where the newest version has one now. Where the store fails, the run says so, goes on, and tries
    /// again a while later.
    /// </summary>
    private async Task<bool> TryCheckpointAsync(CancellationToken cancellationToken)
    {
        if (_checkpointProblem is not null && time.GetElapsedTime(_checkpointFailed) < CheckpointPause) return false;
        var version = _ledger!.Cursor.Version;
        try
        {
            _checkpointWanted = false;
            var taken = await CheckpointAsync(cancellationToken);
            _checkpointWanted |= !taken;
            _checkpointProblem = null;
            return taken;
        }
        catch (CheckpointConflictException replaced)
        {
            throw new InconsistentStateException(replaced.Message, replaced);
        }
        catch (Exception fault) when (CheckpointShelf.IsStoreFault(fault))
        {
            _checkpointWanted = true;
            _checkpointFailed = time.GetTimestamp();
            _checkpointProblem = $"the checkpoint of version {version} could not be written and is tried again; the last one is {_checkpoint ?? "none"}: {fault.Message}";
            Log.CheckpointFailed(logger, Run, version, _checkpoint ?? "none", fault);
            return false;
        }
    }

    private async Task<bool> CheckpointAsync(CancellationToken cancellationToken)
    {
        // Commits go on meanwhile; the shards stand still at this version until the next order is sent.
        var cut = _ledger!.Cursor.Copy();
        if (cut.Version != _fleet!.Applied) return false;
        if (cut.Version == _ledger.KeptSince && _checkpoint is not null) return true;

        var fence = _ledger.Fence;
        // Of this moment, as the cut is.
        var history = _history.ToBytes();
        var files = await _fleet.SnapshotAsync(fence, cut.Version, $"term-{fence.Term}");
        if (files is null) return false;
        var manifests = checkpoints.Manifests(Run);
        var course = await manifests.WriteFileAsync(
            cut.Version, $"term-{fence.Term}", RunHistory.FileName, (stream, token) => stream.WriteAsync(history, token).AsTask(), cancellationToken);
        var manifest = RunManifest.Create(Run, Spec, fence, cut, [.. files, course], machine.Facts(Spec));
        await manifests.PublishAsync(manifest, cancellationToken);
        _checkpoint = $"{Run}@{cut.Version}";
        _samplesAtCheckpoint = cut.SamplesApplied;
        // A member that is being filled needs what follows the state that it copies.
        _ledger.Forget(Math.Min(cut.Version, _fleet.NeededSince));
        Log.Checkpointed(logger, Run, cut.Version);
        try
        {
            await manifests.PruneAsync(Spec.CheckpointsKept, cancellationToken);
        }
        catch (Exception fault) when (CheckpointShelf.IsStoreFault(fault))
        {
            // The next checkpoint prunes again.
            Log.PruneFailed(logger, Run, fault);
        }

        return true;
    }
}
