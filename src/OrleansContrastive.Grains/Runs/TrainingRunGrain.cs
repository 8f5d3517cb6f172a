using Microsoft.Extensions.Logging;
using Orleans;
using Orleans.Placement;
using Orleans.Runtime;
using OrleansContrastive.Contracts;
using OrleansContrastive.Contracts.Leases;
using OrleansContrastive.Contracts.Runs;
using OrleansContrastive.Contracts.Workers;
using OrleansContrastive.Grains.Silos;

namespace OrleansContrastive.Grains.Runs;

/// <inheritdoc cref="ITrainingRunGrain"/>
/// <remarks>
/// Calls only write into the book and return; a commit alone waits, for a second at most, until every member knows it. One pump,
/// never two at a time, does everything that takes a message: preparing shards, sending them the order, checkpoints. See
/// TrainingRunGrain.Pump.cs.
/// </remarks>
[KeepAlive, PreferLocalPlacement]
internal sealed partial class TrainingRunGrain(
    [PersistentState("run", RunStorage.Provider)] IPersistentState<RunRecord> record,
    CheckpointShelf checkpoints,
    MachineDescription machine,
    TimeProvider time,
    ILogger<TrainingRunGrain> logger) : Grain, ITrainingRunGrain
{
    private const int MostWorkers = 4096;
    private static readonly TimeSpan CommitPatience = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan OutsiderWait = TimeSpan.FromMilliseconds(100);

    private readonly WorkerRoster _roster = new(time);
    private readonly RunMeters _meters = new(time);
    private RunHistory _history = new();
    private readonly Signal _applied = new();
    private readonly SemaphoreSlim _saving = new(1);
    private readonly HashSet<string> _warned = [];
    private RunPhase _phase;
    private RunPlanner _planner = null!;
    private RunPlan? _plan;
    private RunView? _view;
    private RunLedger? _ledger;
    private ShardFleet? _fleet;
    private string? _problem;
    private string? _barred;
    private string? _checkpoint;
    private bool _checkpointWanted;
    private bool _stopWanted;
    private long _activated;

    private string Run => this.GetPrimaryKeyString();

    private RunSpec Spec => record.State.Spec!;

    public async override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        // The conditional write makes any earlier activation of this run fail at its next write.
        record.State.Term++;
        await SaveAsync(cancellationToken);
        _activated = time.GetTimestamp();
        if (record.State.Phase == RunPhase.Running) (_phase, _planner) = (RunPhase.Preparing, new(Run, Spec));
        this.RegisterGrainTimer(token => PumpAsync(look: true, token), new GrainTimerCreationOptions(TimeSpan.FromMilliseconds(10), TimeSpan.FromMilliseconds(20)) { Interleave = true, KeepAlive = true });
    }

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken) =>
        // What it writes, such as a checkpoint, it writes to the end or to the patience of whoever stops it.
        Task.WhenAny(_pump, Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken));

    public async Task<RunStatus> StartAsync(RunSpec? spec, bool hold)
    {
        if (_phase is RunPhase.Preparing or RunPhase.Running) return Status();
        if (spec is not null) MethodFactory.Check(spec);
        spec ??= record.State.Spec ?? await LastSpecAsync();
        if (spec is null) throw new ArgumentException($"Run '{Run}' was never started and has no checkpoint; give a spec.");
        var before = (record.State.Spec, record.State.Phase);
        (record.State.Spec, record.State.Phase) = (spec, RunPhase.Running);
        try
        {
            await SaveAsync();
        }
        catch
        {
            // Nor may a later write of something else start it.
            (record.State.Spec, record.State.Phase) = before;
            throw;
        }

        _planner = new(Run, spec);
        (_plan, _view, _barred) = (null, null, null);
        _roster.Forgive();
        (_phase, _problem, _stopWanted, _checkpointWanted) = (RunPhase.Preparing, null, hold, false);
        return Status();
    }

    public async Task<RunStatus> ScaleAsync(ScaleRequest request)
    {
        foreach (var (what, number) in new[] { ("Encoders", request.Encoders), ("KeyEncoders", request.KeyEncoders), ("Augmentations", request.Augmentations) })
        {
            if (number is < 1 or > MostWorkers) throw new ArgumentException($"{what} of run '{Run}' cannot be {number}; expected 1 to {MostWorkers}.");
        }

        if (request.KeyEncoders is not null && record.State.Spec is { Topology.KeyEncoders: 0 } spec)
            throw new ArgumentException($"Run '{Run}' has no key encoders to scale: method '{spec.Method}' needs none.");

        var scale = record.State.Scale;
        record.State.Scale = new(request.Encoders ?? scale.Encoders, request.KeyEncoders ?? scale.KeyEncoders, request.Augmentations ?? scale.Augmentations);
        await SaveAsync();
        return Status();
    }

    public Task<WorkerAssignment> HeartbeatAsync(WorkerReport report)
    {
        _roster.Hear(report);
        return Task.FromResult(new WorkerAssignment
        {
            Grains = [.. Wanted().Where(key => SiloOf(key) == report.Silo)],
            Running = _phase == RunPhase.Running,
            Finished = _phase is RunPhase.Completed or RunPhase.Stopped or RunPhase.Failed,
        });
    }

    public Task<RunView?> ViewAsync() => Task.FromResult(_phase == RunPhase.Preparing ? null : _view);

    public Task<LeaseReply> AcquireAsync(LeaseRequest request)
    {
        // A run that stops waits for the attempts that are held, and for no forgotten one.
        if (_phase == RunPhase.Running && _stopWanted && request.History == _ledger!.Fence.History) _ledger.Forget(request);
        LeaseReply reply = _phase switch
        {
            RunPhase.Running when _stopWanted => new() { Outcome = LeaseOutcome.Finished },
            RunPhase.Running when _view is null || !_view.Encoders.Contains(request.Encoder) => new() { Outcome = LeaseOutcome.Wait, After = OutsiderWait },
            RunPhase.Running => _ledger!.Acquire(request, _view.Encoders.Length),
            RunPhase.Preparing => new() { Outcome = LeaseOutcome.OtherHistory },
            _ => new() { Outcome = LeaseOutcome.Finished },
        };
        if (reply.Outcome == LeaseOutcome.Granted) _meters.Start();
        return Task.FromResult(reply with { View = _view?.Number ?? 0 });
    }

    public Task<BeginReply> BeginAsync(BeginRequest request) =>
        Task.FromResult(_phase == RunPhase.Running ? _ledger!.Begin(request, _fleet!.Applied) : new(BeginOutcome.Drop));

    public async Task<CommitOutcome> CommitAsync(CommitRequest request)
    {
        if (_phase == RunPhase.Preparing) return CommitOutcome.Pending;
        if (_ledger is null || request.History != _ledger.Fence.History) return CommitOutcome.Refused;
        if (_phase == RunPhase.Running)
        {
            // A skipped lease has no stage that anybody could lack.
            if (!request.Skipped && request.View < _stagedSince && _ledger.VersionOf(request.Attempt) is null) return CommitOutcome.OtherView;
            var (version, isNew) = (_ledger.Version, !_ledger.IsTaken(request.Attempt.Lease));
            var outcome = _ledger.Commit(request);
            if (isNew && outcome is CommitOutcome.Accepted or CommitOutcome.Pending) Measure(request, version);
            if (_ledger.Version > version) Kick();
            if (outcome != CommitOutcome.Accepted) return outcome;
        }

        if (_ledger.VersionOf(request.Attempt) is null) return _ledger.IsTaken(request.Attempt.Lease) ? CommitOutcome.Committed : CommitOutcome.Refused;
        // Acknowledged is only what every member knows: the run's owner may die with one of them.
        return await IsKnownEverywhereAsync(request) ? CommitOutcome.Accepted : CommitOutcome.Pending;
    }

    private void Measure(CommitRequest request, long version)
    {
        _meters.Add(request, version, Spec);
        _history.Add(request, version);
        if (_ledger!.Version > version) _history.Complete(_ledger.Cursor.SamplesApplied);
        if (_meters.Health.Add(request, version, Spec) is { } alarm) Log.Warned(logger, Run, alarm);
        foreach (var (_, warning) in _meters.Clocks.Warnings(Spec).Where(warning => _warned.Add(warning.Kind))) Log.Warned(logger, Run, warning);
    }

    public Task FailAsync(string worker, string problem)
    {
        var place = GrainKeys.Parse(worker);
        var role = place.Kind switch
        {
            GrainKind.Encoder => WorkerRoles.Encoder,
            GrainKind.MomentumEncoder => WorkerRoles.Key,
            GrainKind.Augmentation => WorkerRoles.Augmentation,
            _ => WorkerRoles.None,
        };
        if (_phase is not (RunPhase.Preparing or RunPhase.Running)) return Task.CompletedTask;
        var sentence = $"{worker} cannot go on: {problem}";
        if (role == WorkerRoles.None || !_roster.Bar(place.Silo, role)) return GiveUpAsync(sentence);
        _barred = sentence;
        Log.Barred(logger, Run, place.Silo, role, sentence);
        return Task.CompletedTask;
    }

    public Task ReachedAsync(long history, long version)
    {
        if (history == record.State.History) _reached = Math.Max(_reached, version);
        else if (history == record.State.History - 1 && version > _undoneFrom)
        {
            // It was away when the others were counted.
            record.State.UpdatesRolledBack += version - _undoneFrom;
            _undoneFrom = version;
        }

        return Task.CompletedTask;
    }

    public Task<RunStatus> StatusAsync() => Task.FromResult(Status());

    public Task RequestCheckpointAsync(bool thenStop)
    {
        _checkpointWanted = true;
        _stopWanted |= thenStop;
        return Task.CompletedTask;
    }

    private IEnumerable<string> Wanted() =>
        _phase is RunPhase.Idle ? [] : [.. (_fleet?.Members.Select(member => member.Key) ?? []).Concat(_plan?.Grains ?? []).Distinct()];

    private async Task<bool> IsKnownEverywhereAsync(CommitRequest request)
    {
        var asked = time.GetTimestamp();
        while (time.GetElapsedTime(asked) < CommitPatience)
        {
            if (_ledger is null || request.History != _ledger.Fence.History || _ledger.VersionOf(request.Attempt) is not { } version) return false;
            if (_fleet is { } fleet && fleet.IsWhole && fleet.Applied >= version) return true;
            await _applied.WaitAsync(CommitPatience, time);
        }

        return false;
    }

    private async Task<RunSpec?> LastSpecAsync() =>
        await checkpoints.Manifests(Run).LatestAsync() is { } manifest ? RunManifest.SpecOf(manifest) : null;

    /// <summary>It is completed or stopped, once the store knows: where that fails, the next turn tries again.</summary>
    private async Task EndAsync(RunPhase phase)
    {
        var members = record.State.Members;
        // Its state is in the last checkpoint; a later start waits for nobody.
        (record.State.Phase, record.State.Members) = (phase, null);
        try
        {
            await SaveAsync();
        }
        catch when (_phase == RunPhase.Running)
        {
            (record.State.Phase, record.State.Members) = (RunPhase.Running, members);
            throw;
        }

        // A worker may have failed meanwhile, and that is said already.
        if (_phase == RunPhase.Running) SayEnded(phase, null);
    }

    /// <summary>It failed. Said at once: the store may be what fails.</summary>
    private Task GiveUpAsync(string problem)
    {
        record.State.Phase = RunPhase.Failed;
        SayEnded(RunPhase.Failed, problem);
        return SaveAsync();
    }

    private void SayEnded(RunPhase phase, string? problem)
    {
        (_phase, _problem) = (phase, problem);
        _meters.End();
        _applied.Pulse();
        Log.Ended(logger, Run, phase, problem);
    }

    /// <summary>Calls and the pump interleave: a second write under way would carry the version that the first one replaces.</summary>
    private async Task SaveAsync(CancellationToken cancellationToken = default)
    {
        await _saving.WaitAsync(cancellationToken);
        try
        {
            await record.WriteStateAsync(cancellationToken);
        }
        finally
        {
            _saving.Release();
        }
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
        Problem = _problem ?? _checkpointProblem,
        RecentLosses = _meters.Losses,
        Seconds = _meters.Seconds,
        Encoders = _view?.Encoders.Length ?? 0,
        Members = Members(),
        SilosLost = record.State.SilosLost,
        LeasesRegranted = _ledger?.Regranted ?? 0,
        Entropy = _meters.Entropy,
        Health = _meters.Health.Report,
        Alarm = _meters.Health.Alarm,
        Asynchrony = record.State.Spec is { } spec ? _meters.Clocks.Report(spec) : null,
    };

    private static partial class Log
    {
        [LoggerMessage(10, LogLevel.Information, "Run {Run}: history {History} begins at version {Version}")]
        public static partial void Began(ILogger logger, string run, long history, long version);

        [LoggerMessage(11, LogLevel.Warning, "Run {Run} rolls back {Updates} updates to version {Version}: {Reason}")]
        public static partial void RolledBack(ILogger logger, string run, long updates, long version, string reason);

        [LoggerMessage(30, LogLevel.Warning, "Run {Run}: the checkpoint of version {Version} could not be written; the last one is {Last}")]
        public static partial void CheckpointFailed(ILogger logger, string run, long version, string last, Exception exception);

        [LoggerMessage(31, LogLevel.Warning, "Run {Run}: older checkpoints could not be deleted")]
        public static partial void PruneFailed(ILogger logger, string run, Exception exception);

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

        [LoggerMessage(18, LogLevel.Information, "Run {Run}: view {View} with {Encoders} encoders and {Members} members")]
        public static partial void Viewed(ILogger logger, string run, long view, int encoders, string members);

        [LoggerMessage(19, LogLevel.Warning, "Run {Run}: {Member} is no member any more: {Reason}")]
        public static partial void MemberLost(ILogger logger, string run, string member, string reason);

        [LoggerMessage(20, LogLevel.Information, "Run {Run}: {Member} joins and is filled from version {Version} on")]
        public static partial void Joins(ILogger logger, string run, string member, long version);

        [LoggerMessage(22, LogLevel.Warning, "Run {Run}: {Warning}")]
        public static partial void Warned(ILogger logger, string run, string warning);

        [LoggerMessage(21, LogLevel.Error, "Run {Run}: silo {Silo} gets no more work of the kind {Role}: {Reason}")]
        public static partial void Barred(ILogger logger, string run, string silo, WorkerRoles role, string reason);

        [LoggerMessage(17, LogLevel.Warning, "Run {Run}: another activation has taken over")]
        public static partial void Superseded(ILogger logger, string run);
    }
}
