using OrleansContrastive.Hosting.Evaluation;
using OrleansContrastive.Learning.Evaluation;
using TorchSharp;

namespace OrleansContrastive.Cli.Judging;

/// <summary>Work that is spread over a run's lanes.</summary>
internal static class LaneWork
{
    private const int QueriesPerJob = 500;

    /// <summary>Runs jobs, each on the first lane that is free. Results come in the jobs' order.</summary>
    public static async Task<T[]> EachAsync<T>(TrainedRun run, IReadOnlyList<Func<torch.Device, T>> jobs, CancellationToken cancellation)
    {
        var (results, next) = (new T[jobs.Count], -1);
        await Task.WhenAll(run.Lanes.Select(async lane =>
        {
            for (var job = Interlocked.Increment(ref next); job < jobs.Count; job = Interlocked.Increment(ref next))
            {
                var mine = job;
                results[mine] = await lane.RunAsync(() => jobs[mine](lane.Device), cancellation);
            }
        }));
        return results;
    }

    /// <summary>Weighted kNN of unit rows under several settings, exact.</summary>
    public static async Task<IReadOnlyList<KnnScore>> KnnAsync(
        TrainedRun run, FeatureRows train, FeatureRows test, IReadOnlyList<KnnSetting> settings, CancellationToken cancellation)
    {
        var jobs = Parts(test.Count).Select(part => (Func<torch.Device, (int Count, IReadOnlyList<KnnScore> Scores)>)(_ => (part.Count, Judge(part))));
        var parts = await EachAsync(run, [.. jobs], cancellation);
        return [.. settings.Select((setting, s) => new KnnScore(
            setting, parts.Sum(part => part.Count * part.Scores[s].Top1) / test.Count, parts.Sum(part => part.Count * part.Scores[s].Top5) / test.Count))];

        IReadOnlyList<KnnScore> Judge((int First, int Count) part)
        {
            using var scope = torch.NewDisposeScope();
            var asked = test.Borrow().narrow(0, part.First, part.Count);
            return WeightedKnn.Evaluate(train.Borrow(), train.Labels, asked, test.Labels.AsMemory(part.First, part.Count), settings);
        }
    }

    /// <summary>Retrieval of unit rows, exact.</summary>
    public static async Task<RetrievalScore> RetrieveAsync(TrainedRun run, FeatureRows queries, FeatureRows gallery, CancellationToken cancellation)
    {
        var jobs = Parts(queries.Count).Select(part => (Func<torch.Device, RetrievalScore>)(device => Retrieval.Evaluate(queries, gallery, part.First, part.Count, device)));
        return RetrievalScore.Join(await EachAsync(run, [.. jobs], cancellation));
    }

    private static IEnumerable<(int First, int Count)> Parts(int count) =>
        Enumerable.Range(0, (count + QueriesPerJob - 1) / QueriesPerJob).Select(part => (part * QueriesPerJob, Math.Min(QueriesPerJob, count - (part * QueriesPerJob))));
}
