using Microsoft.Extensions.Logging;
using Orleans;
using Orleans.Placement;
using Orleans.Runtime;
using OrleansContrastive.Contracts.Leases;
using OrleansContrastive.Contracts.Runs;
using OrleansContrastive.Contracts.Workers;
using OrleansContrastive.Grains.Silos;

namespace OrleansContrastive.Grains.Runs;

/// <inheritdoc cref="ITrainingRunGrain"/>
/// <remarks>
/// Calls only write into the book and return. One pump, never two at a time, does everything that takes a message:
/// preparing shards, sending them the order, checkpoints. See TrainingRunGrain.Pump.cs.
/// </remarks>
[KeepAlive, PreferLocalPlacement]
internal sealed partial class TrainingRunGrain(
    [PersistentState("run", RunStorage.Provider)] IPersistentState<RunRecord> record,
    CheckpointShelf checkpoints,
    MachineDescription machine,
    TimeProvider time,
    ILogger<TrainingRunGrain> logger) : Grain, ITrainingRunGrain
{
    private readonly WorkerRoster _roster = new(time);
    private readonly RunMeters _meters = new(time);
    private RunPhase _phase;
    private RunView? _plan;
    private RunLedger? _ledger;
    private ShardFleet? _fleet;
    private string? _problem;
    private string? _checkpoint;
    private bool _checkpointWanted;
    private bool _stopWanted;

    private string Run => this.GetPrimaryKeyString();

    private RunSpec Spec => record.State.Spec!;

    public async override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        // The conditional write makes any earlier activation of this run fail at its next write.
        record.State.Term++;
        await record.WriteStateAsync(cancellationToken);
        if (record.State.Phase == RunPhase.Running) _phase = RunPhase.Preparing;
        this.RegisterGrainTimer(PumpAsync, new GrainTimerCreationOptions(TimeSpan.FromMilliseconds(10), TimeSpan.FromMilliseconds(20)) { Interleave = true, KeepAlive = true });
    }

    public async Task<RunStatus> StartAsync(RunSpec? spec, bool hold)
    {
        if (_phase is RunPhase.Preparing or RunPhase.Running) return Status();
        spec ??= record.State.Spec ?? await LastSpecAsync();
        record.State.Spec = spec ?? throw new ArgumentException($"Run '{Run}' was never started and has no checkpoint; give a spec.");
        record.State.Phase = RunPhase.Running;
        await record.WriteStateAsync();
        (_phase, _problem, _stopWanted, _checkpointWanted) = (RunPhase.Preparing, null, hold, false);
        return Status();
    }

    public Task<WorkerAssignment> HeartbeatAsync(WorkerReport report)
    {
        _roster.Hear(report);
        return Task.FromResult(new WorkerAssignment
        {
            Grains = _plan is null ? [] : [.. RunPlanner.Grains(_plan).Where(key => Contracts.GrainKeys.Parse(key).Silo == report.Silo)],
            Running = _phase == RunPhase.Running,
            Finished = _phase is RunPhase.Completed or RunPhase.Stopped or RunPhase.Failed,
        });
    }

    public Task<RunView?> ViewAsync() => Task.FromResult(_phase == RunPhase.Preparing ? null : _plan);

    public Task<LeaseReply> AcquireAsync(LeaseRequest request)
    {
        LeaseReply reply = _phase switch
        {
            RunPhase.Running when _stopWanted => new() { Outcome = LeaseOutcome.Finished },
            RunPhase.Running => _ledger!.Acquire(request),
            RunPhase.Preparing => new() { Outcome = LeaseOutcome.OtherHistory },
            _ => new() { Outcome = LeaseOutcome.Finished },
        };
        if (reply.Outcome == LeaseOutcome.Granted) _meters.Start();
        return Task.FromResult(reply);
    }

    public Task<BeginReply> BeginAsync(BeginRequest request) =>
        Task.FromResult(_phase == RunPhase.Running ? _ledger!.Begin(request, _fleet!.Applied) : new(BeginOutcome.Drop));

    public Task<CommitOutcome> CommitAsync(CommitRequest request)
    {
        if (_phase != RunPhase.Running) return Task.FromResult(CommitOutcome.Refused);
        var before = _ledger!.Version;
        var outcome = _ledger.Commit(request);
        if (outcome == CommitOutcome.Accepted) _meters.Add(request, before);
        if (_ledger.Version > before) Kick();
        return Task.FromResult(outcome);
    }

    public Task FailAsync(string problem) => EndAsync(RunPhase.Failed, problem);

    public Task<RunStatus> StatusAsync() => Task.FromResult(Status());

    public Task RequestCheckpointAsync(bool thenStop)
    {
        _checkpointWanted = true;
        _stopWanted |= thenStop;
        return Task.CompletedTask;
    }

    private async Task<RunSpec?> LastSpecAsync() =>
        await checkpoints.Manifests(Run).LatestAsync() is { } manifest ? RunManifest.SpecOf(manifest) : null;

    private async Task EndAsync(RunPhase phase, string? problem)
    {
        (_phase, _problem) = (phase, problem);
        _meters.End();
        record.State.Phase = phase;
        await record.WriteStateAsync();
        Log.Ended(logger, Run, phase, problem);
    }

    private RunStatus Status() => new()
    {
        Run = Run,
        Phase = _phase,
        Spec = record.State.Spec,
        Version = _ledger?.Version ?? 0,
        History = record.State.History,
        SamplesApplied = _ledger?.Cursor.SamplesApplied ?? 0,
        SamplesSkipped = (_ledger?.Cursor.LeasesSkipped ?? 0) * (record.State.Spec?.LeaseSize ?? 0),
        LeasesDone = _ledger?.Cursor.LeasesDone ?? 0,
        Loss = _meters.Loss,
        ChanceLevel = _meters.ChanceLevel,
        Accuracy = _meters.Accuracy,
        ImagesPerSecond = _meters.ImagesPerSecond,
        Staleness = _meters.Staleness,
        KeyLag = _meters.KeyLag,
        BrokenImages = _meters.BrokenImages,
        UpdatesRolledBack = record.State.UpdatesRolledBack,
        Checkpoint = _checkpoint,
        Problem = _problem,
        RecentLosses = _meters.Losses,
        Seconds = _meters.Seconds,
    };

    private static partial class Log
    {
        [LoggerMessage(10, LogLevel.Information, "Run {Run}: history {History} begins at version {Version}")]
        public static partial void Began(ILogger logger, string run, long history, long version);

        [LoggerMessage(11, LogLevel.Warning, "Run {Run} rolls back {Updates} updates to version {Version}: {Reason}")]
        public static partial void RolledBack(ILogger logger, string run, long updates, long version, string reason);

        [LoggerMessage(12, LogLevel.Information, "Run {Run}: checkpoint at version {Version}")]
        public static partial void Checkpointed(ILogger logger, string run, long version);

        [LoggerMessage(13, LogLevel.Information, "Run {Run} is {Phase}. {Problem}")]
        public static partial void Ended(ILogger logger, string run, RunPhase phase, string? problem);

        [LoggerMessage(14, LogLevel.Warning, "Run {Run} tries again")]
        public static partial void TransientFault(ILogger logger, string run, Exception exception);

        [LoggerMessage(15, LogLevel.Error, "Run {Run} cannot go on")]
        public static partial void FinalFault(ILogger logger, string run, Exception exception);

        [LoggerMessage(16, LogLevel.Warning, "Run {Run}: silo {Silo} is silent; {Leases} leases are granted again")]
        public static partial void Silent(ILogger logger, string run, string silo, int leases);

        [LoggerMessage(17, LogLevel.Warning, "Run {Run}: another activation has taken over")]
        public static partial void Superseded(ILogger logger, string run);
    }
}
