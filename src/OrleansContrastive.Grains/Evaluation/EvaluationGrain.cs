using System.Diagnostics;
using Orleans;
using Orleans.Placement;
using OrleansContrastive.Contracts.Evaluation;
using OrleansContrastive.Contracts.Runs;
using OrleansContrastive.Contracts.Shards;
using OrleansContrastive.Contracts.Workers;
using OrleansContrastive.Data.Datasets;
using OrleansContrastive.Grains.Silos;
using OrleansContrastive.Grains.Workers;
using OrleansContrastive.Learning.Evaluation;
using TorchSharp;

namespace OrleansContrastive.Grains.Evaluation;

/// <inheritdoc cref="IEvaluationGrain"/>
[KeepAlive, PreferLocalPlacement]
internal sealed class EvaluationGrain(SiloIdentity silo, DeviceLanes lanes, DatasetShelf datasets, CheckpointShelf checkpoints) : Grain, IEvaluationGrain
{
    // Small jobs: while a run goes on, encoders take their turns on the lanes in between.
    private const int ImagesPerJob = 250;
    private const int QueriesPerJob = 500;

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        silo.Host(this.GetPrimaryKeyString());
        return Task.CompletedTask;
    }

    public Task WakeAsync() => Task.CompletedTask;

    public async Task<KnnReport> KnnAsync(KnnRequest request)
    {
        var clock = Stopwatch.StartNew();
        var spec = request.View.Spec;
        var (training, test) = (datasets.Training(spec.Dataset), datasets.Test(spec.Dataset));
        if (!training.HasLabels || !test.HasLabels)
            throw new InvalidOperationException($"kNN needs labels; data set {spec.Dataset.Name} has none.");

        var weights = request.Untrained ? null : await FetchAsync(request.View, request.Network ?? spec.Model.Evaluated);
        // Only the untrained network is what the run started from.
        var initial = request.Untrained ? await checkpoints.InitialAsync(spec) : null;
        await using var networks = new EvaluationNetworks(lanes, spec, weights, initial);
        var train = await ExtractAsync(networks, request, training, Limit(request.Train, spec.Dataset.Count));
        var queries = await ExtractAsync(networks, request, test, Limit(request.Test, test.Count));
        var results = new List<KnnResult>();
        for (var kind = 0; kind < request.Features.Length; kind++)
            results.AddRange(await CompareAsync(request, request.Features[kind], train[kind], queries[kind]));
        return new()
        {
            Version = weights?.Version ?? 0,
            Train = train[0].Count,
            Test = queries[0].Count,
            Results = [.. results],
            Seconds = clock.Elapsed.TotalSeconds,
        };
    }

    private static int Limit(int wanted, int there) => wanted <= 0 ? there : Math.Min(wanted, there);

    private async Task<EvaluationWeights> FetchAsync(RunView view, EvaluatedNetwork network)
    {
        var kind = network == EvaluatedNetwork.Key ? ParameterKind.Key : ParameterKind.Query;
        var (weights, moments) = (new ParameterReader(GrainFactory, kind), new ParameterReader(GrainFactory, ParameterKind.Moments));
        while (true)
        {
            // Both at one version; where training has gone on in between, once more.
            if (await weights.TryFetchAsync(view, -1) is not { } parameters) continue;
            if (await moments.TryFetchAsync(view, parameters.Version) is { } statistics) return new(parameters, statistics);
        }
    }

    private async Task<FeatureRows[]> ExtractAsync(EvaluationNetworks networks, KnnRequest request, IImageDataset dataset, int count)
    {
        var labels = Enumerable.Range(0, count).Select(dataset.Label).ToArray();
        var table = new FeatureTable(request.Features.Length, labels);
        FeatureKind[] kinds = [.. request.Features.Select(kind => (FeatureKind)kind)];
        var next = -ImagesPerJob;
        await Task.WhenAll(Enumerable.Range(0, lanes.Lanes.Count).Select(async lane =>
        {
            var images = new PlainViews(request.View.Spec, dataset);
            for (var first = Interlocked.Add(ref next, ImagesPerJob); first < count; first = Interlocked.Add(ref next, ImagesPerJob))
            {
                var (begin, batch) = (first, Math.Min(ImagesPerJob, count - first));
                await lanes.Lanes[lane].RunAsync(() => table.Fill(begin, batch, networks.Extract(lane, images.Read(begin, batch), kinds)));
            }
        }));
        return table.ToRows();
    }

    private async Task<IEnumerable<KnnResult>> CompareAsync(KnnRequest request, KnnFeatures kind, FeatureRows train, FeatureRows queries)
    {
        Learning.Evaluation.KnnSetting[] settings = [.. request.Settings.Select(setting => new Learning.Evaluation.KnnSetting(setting.K, setting.Temperature))];
        var hits = new (double Top1, double Top5)[settings.Length];
        var next = -QueriesPerJob;
        await Task.WhenAll(lanes.Lanes.Select(async lane =>
        {
            for (var first = Interlocked.Add(ref next, QueriesPerJob); first < queries.Count; first = Interlocked.Add(ref next, QueriesPerJob))
            {
                var (begin, count) = (first, Math.Min(QueriesPerJob, queries.Count - first));
                var scores = await lane.RunAsync(() => Compare(train, queries, begin, count, settings));
                lock (hits)
                {
                    for (var i = 0; i < hits.Length; i++)
                        hits[i] = (hits[i].Top1 + (scores[i].Top1 * count), hits[i].Top5 + (scores[i].Top5 * count));
                }
            }
        }));
        return request.Settings.Select((setting, i) =>
            new KnnResult(kind, setting, hits[i].Top1 / queries.Count, hits[i].Top5 / queries.Count));
    }

    private static IReadOnlyList<KnnScore> Compare(FeatureRows train, FeatureRows queries, int first, int count, Learning.Evaluation.KnnSetting[] settings)
    {
        using var scope = torch.NewDisposeScope();
        // Borrowed, not copied: each lane sees the whole training table.
        return WeightedKnn.Evaluate(train.Borrow(), train.Labels, queries.Borrow().narrow(0, first, count), queries.Labels.AsMemory(first, count), settings);
    }
}
