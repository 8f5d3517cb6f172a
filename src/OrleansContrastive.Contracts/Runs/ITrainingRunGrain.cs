using Orleans;
using Orleans.Concurrency;
using OrleansContrastive.Contracts.Leases;
using OrleansContrastive.Contracts.Workers;

namespace OrleansContrastive.Contracts.Runs;

/// <summary>
/// Owns a run: its spec, its leases, the one order of its commits, the view of the cluster and its checkpoints.
/// It touches no tensor. Replaces the <c>for epoch</c> loop.
/// </summary>
[Alias("oc.ITrainingRunGrain")]
public interface ITrainingRunGrain : IGrainWithStringKey
{
    /// <summary>Starts the run, or goes on with it where its last checkpoint or its shards stand.</summary>
    /// <param name="spec">What to learn; null = what the run's record or last checkpoint says (resume).</param>
    /// <param name="hold">Only load the state, to look at it: no lease is granted, and the run counts as stopped.</param>
    /// <exception cref="ArgumentException">There is no spec, or its method, options and encoder do not fit together.</exception>
    [Alias("Start")]
    Task<RunStatus> StartAsync(RunSpec? spec, bool hold);

    /// <summary>A silo is alive; the answer says what it shall host.</summary>
    [AlwaysInterleave, Alias("Heartbeat")]
    Task<WorkerAssignment> HeartbeatAsync(WorkerReport report);

    /// <summary>Who is who; null before all shards are ready.</summary>
    [AlwaysInterleave, Alias("View")]
    Task<RunView?> ViewAsync();

    /// <summary>An encoder asks for work.</summary>
    [AlwaysInterleave, Alias("Acquire")]
    Task<LeaseReply> AcquireAsync(LeaseRequest request);

    /// <summary>An encoder is about to compute an attempt; asked in <see cref="ConsistencyMode.Bounded"/> only.</summary>
    [AlwaysInterleave, Alias("Begin")]
    Task<BeginReply> BeginAsync(BeginRequest request);

    /// <summary>An encoder has staged an attempt on all shards.</summary>
    [AlwaysInterleave, Alias("Commit")]
    Task<CommitOutcome> CommitAsync(CommitRequest request);

    /// <summary>
    /// A worker has met something that no repetition mends: its silo gets no more work of that kind from this run. Where no other silo
    /// offers it, the run ends as failed.
    /// </summary>
    /// <param name="worker">Key of the encoder, momentum encoder or augmentation worker.</param>
    /// <param name="problem">What it has met.</param>
    [AlwaysInterleave, Alias("Fail")]
    Task FailAsync(string worker, string problem);

    /// <summary>
    /// An encoder of a run that has no view, or another history, says how far the run had come: where owner and shards have died
    /// together, nobody else knows what was rolled back.
    /// </summary>
    /// <param name="history">The history that it worked in.</param>
    /// <param name="version">The newest version that it has met there.</param>
    [AlwaysInterleave, Alias("Reached")]
    Task ReachedAsync(long history, long version);

    /// <summary>Where the run stands.</summary>
    [AlwaysInterleave, Alias("Status")]
    Task<RunStatus> StatusAsync();

    /// <summary>Asks for another number of workers while the run goes on.</summary>
    /// <exception cref="ArgumentException">A number is out of range, or the method has no workers of that kind.</exception>
    [AlwaysInterleave, Alias("Scale")]
    Task<RunStatus> ScaleAsync(ScaleRequest request);

    /// <summary>Asks for a checkpoint at the next version, and optionally for the end of the run after it.</summary>
    [AlwaysInterleave, Alias("Checkpoint")]
    Task RequestCheckpointAsync(bool thenStop);
}
