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

namespace OrleansContrastive.Grains.Evaluation;

/// <inheritdoc cref="IEvaluationGrain"/>
[KeepAlive, PreferLocalPlacement]
internal sealed partial class EvaluationGrain(SiloIdentity silo, DeviceLanes lanes, DatasetShelf datasets, CheckpointShelf checkpoints) : Grain, IEvaluationGrain
{
    // Small jobs: while a run goes on, encoders take their turns on the lanes in between. Parts of a gallery are whole jobs.
    private const int ImagesPerJob = 256;
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
        int[] labels = [.. Enumerable.Range(0, Limit(request.Train, spec.Dataset.Count)).Select(training.Label)];
        string[] places = request.Sharded ? request.View.Evaluations() : [this.GetPrimaryKeyString()];
        var parts = Parts(labels.Length, places.Length);
        IEvaluationGrain[] others = [.. places.Skip(1).Where((_, other) => parts[other + 1].Count > 0).Select(key => GrainFactory.GetGrain<IEvaluationGrain>(key))];
        var evaluation = System.Random.Shared.NextInt64();
        try
        {
            var spread = others.Select((other, i) => SpreadAsync(other, evaluation, request, weights, parts[i + 1])).ToArray();
            var own = await ExtractAsync(networks, spec, request.Features, training, 0, parts[0].Count);
            var queries = await ExtractAsync(networks, spec, request.Features, test, 0, Limit(request.Test, test.Count));
            await Task.WhenAll(spread);
            var gallery = new Gallery(evaluation, own, labels, others);
            var results = new List<KnnResult>();
            for (var kind = 0; kind < request.Features.Length; kind++)
                results.AddRange(await CompareAsync(request, kind, gallery, queries[kind]));
            return new()
            {
                Version = weights?.Version ?? 0,
                Train = labels.Length,
                Test = queries[0].Count,
                Results = [.. results],
                Seconds = clock.Elapsed.TotalSeconds,
                Galleries = others.Length + 1,
            };
        }
        finally
        {
            await Task.WhenAll(others.Select(other => ForgetAsync(other, evaluation)));
        }
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

    private async Task<FeatureRows[]> ExtractAsync(EvaluationNetworks networks, RunSpec spec, KnnFeatures[] features, IImageDataset dataset, int start, int count)
    {
        var labels = Enumerable.Range(start, count).Select(dataset.Label).ToArray();
        var table = new FeatureTable(features.Length, labels);
        FeatureKind[] kinds = [.. features.Select(kind => (FeatureKind)kind)];
        var next = -ImagesPerJob;
        await Task.WhenAll(Enumerable.Range(0, lanes.Lanes.Count).Select(async lane =>
        {
            var images = new PlainViews(spec, dataset);
            for (var first = Interlocked.Add(ref next, ImagesPerJob); first < count; first = Interlocked.Add(ref next, ImagesPerJob))
            {
                var (begin, batch) = (first, Math.Min(ImagesPerJob, count - first));
                await lanes.Lanes[lane].RunAsync(() => table.Fill(begin, batch, networks.Extract(lane, images.Read(start + begin, batch), kinds)));
            }
        }));
        return table.ToRows();
    }

    private async Task<IEnumerable<KnnResult>> CompareAsync(KnnRequest request, int kind, Gallery gallery, FeatureRows queries)
    {
        Learning.Evaluation.KnnSetting[] settings = [.. request.Settings.Select(setting => new Learning.Evaluation.KnnSetting(setting.K, setting.Temperature))];
        var most = Math.Min(gallery.Labels.Length, settings.Max(setting => setting.Neighbours));
        // As many queries as fit into a message, and their neighbours into the answer.
        var job = (int)Math.Clamp(request.View.Spec.MaxBlockBytes / Math.Max(sizeof(float) * (long)queries.Width, sizeof(long) * (long)most), 1, QueriesPerJob);
        var hits = new (double Top1, double Top5)[settings.Length];
        var next = -job;
        await Task.WhenAll(lanes.Lanes.Select(async lane =>
        {
            for (var first = Interlocked.Add(ref next, job); first < queries.Count; first = Interlocked.Add(ref next, job))
            {
                var (begin, count) = (first, Math.Min(job, queries.Count - first));
                var found = await gallery.FindAsync(lane, kind, queries, begin, count, most);
                var scores = await lane.RunAsync(() => WeightedKnn.Evaluate(found, gallery.Labels, queries.Labels.AsMemory(begin, count), settings));
                lock (hits)
                {
                    for (var i = 0; i < hits.Length; i++)
                        hits[i] = (hits[i].Top1 + (scores[i].Top1 * count), hits[i].Top5 + (scores[i].Top5 * count));
                }
            }
        }));
        return request.Settings.Select((setting, i) =>
            new KnnResult(request.Features[kind], setting, hits[i].Top1 / queries.Count, hits[i].Top5 / queries.Count));
    }
}
