using OrleansContrastive.Contracts.Evaluation;
using OrleansContrastive.Contracts.Runs;

namespace OrleansContrastive.Cli;

/// <summary>Looks at a run from time to time.</summary>
internal interface IRunFollower
{
    /// <summary>The newest quick verdict; null before the first.</summary>
    KnnReport? Verdict { get; }

    /// <summary>Waits a moment and returns where the run stands.</summary>
    Task<RunStatus> NextAsync(CancellationToken cancellation);
}
