using OrleansContrastive.Contracts.Evaluation;
using OrleansContrastive.Contracts.Runs;

namespace OrleansContrastive.Cli;

/// <summary>Looks at a run from time to time, has it judged quickly at epoch ends, and stops it on Ctrl-C.</summary>
internal sealed class RunFollower(ITrainingRunGrain run, int evaluateEpochs, Func<Task<KnnReport>> judge) : IRunFollower
{
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(250);

    private Task<KnnReport>? _judging;
    private int _judgedEpochs;
    private bool _asked;

    /// <inheritdoc/>
    public KnnReport? Verdict { get; private set; }

    /// <inheritdoc/>
    public async Task<RunStatus> NextAsync(CancellationToken cancellation)
    {
        if (cancellation.IsCancellationRequested && !_asked)
        {
            _asked = true;
            await run.RequestCheckpointAsync(thenStop: true);
        }

        try
        {
            await Task.Delay(Period, _asked ? CancellationToken.None : cancellation);
        }
        catch (OperationCanceledException)
        {
            return await NextAsync(cancellation);
        }

        var status = await run.StatusAsync();
        if (_judging is { IsCompleted: true })
        {
            // A verdict that failed is only missing; the run goes on.
            if (_judging.IsCompletedSuccessfully) Verdict = await _judging;
            _judging = null;
        }

        var epochs = Epochs(status);
        if (evaluateEpochs > 0 && _judging is null && status.Phase == RunPhase.Running && epochs >= _judgedEpochs + evaluateEpochs && epochs < status.Spec!.Epochs)
        {
            _judgedEpochs = epochs;
            _judging = judge();
        }

        if (IsOver(status) && _judging is not null) await Task.WhenAny(_judging);
        return status;
    }

    /// <summary>Whether nothing more will happen.</summary>
    public static bool IsOver(RunStatus status) => status.Phase is RunPhase.Completed or RunPhase.Stopped or RunPhase.Failed;

    private static int Epochs(RunStatus status) => status.Spec is { } spec ? (int)(status.LeasesDone / spec.LeasesPerEpoch) : 0;
}
