using Orleans;
using OrleansContrastive.Contracts.Evaluation;
using OrleansContrastive.Contracts.Runs;
using OrleansContrastive.Contracts.Workers;

namespace OrleansContrastive.Dashboard.Monitoring;

/// <summary>What the page knows the cluster by.</summary>
internal interface IRunReader
{
    /// <summary>The ids of all runs.</summary>
    Task<IReadOnlyList<string>> ListAsync(CancellationToken cancellationToken);

    /// <summary>Where a run stands, and who is who in it.</summary>
    Task<(RunStatus Status, RunView? View)> ReadAsync(string run);

    /// <summary>Judges a run by a quick kNN evaluation.</summary>
    Task<KnnReport> JudgeAsync(RunView view);
}

/// <summary>Asks the grains.</summary>
internal sealed class GrainRunReader(Func<IGrainFactory> grains, Func<CancellationToken, Task<IReadOnlyList<string>>> runs) : IRunReader
{
    public Task<IReadOnlyList<string>> ListAsync(CancellationToken cancellationToken) => runs(cancellationToken);

    public async Task<(RunStatus Status, RunView? View)> ReadAsync(string run)
    {
        var grain = grains().GetGrain<ITrainingRunGrain>(run);
        var (status, view) = (grain.StatusAsync(), grain.ViewAsync());
        return (await status, await view);
    }

    public Task<KnnReport> JudgeAsync(RunView view) =>
        grains().GetGrain<IEvaluationGrain>(view.Evaluation).KnnAsync(KnnRequest.Quick(view));
}
