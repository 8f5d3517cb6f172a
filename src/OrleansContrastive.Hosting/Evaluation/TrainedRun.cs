using System.Text.Json;
using OrleansContrastive.Checkpoints;
using OrleansContrastive.Checkpoints.Manifests;
using OrleansContrastive.Checkpoints.Stores;
using OrleansContrastive.Contracts.Runs;
using OrleansContrastive.Data.Augmentation;
using OrleansContrastive.Data.Datasets;
using OrleansContrastive.Grains.Evaluation;
using OrleansContrastive.Grains.Runs;
using OrleansContrastive.Grains.Silos;
using OrleansContrastive.Hosting.Workers;
using OrleansContrastive.Learning.Devices;
using OrleansContrastive.Learning.Encoders;
using OrleansContrastive.Learning.Evaluation;
using TorchSharp;

namespace OrleansContrastive.Hosting.Evaluation;

/// <summary>
/// What a run has learned, opened from its checkpoint in this process, without a cluster: its spec, its networks, its data
/// sets and lanes to compute on. It writes nothing. Safe for all threads; tensors belong to the lanes.
/// </summary>
public sealed class TrainedRun : IAsyncDisposable
{
    // Large enough for the encoder to be busy, small enough that views of all lanes together stay below 100 MiB at 64 pixels.
    private const int ImagesPerJob = 250;

    private readonly CheckpointNetwork _network;
    private readonly DeviceLanes _lanes;
    private readonly DatasetShelf _shelf = new();
    private readonly List<IImageDataset> _opened = [];

    private TrainedRun(Manifest manifest, CheckpointNetwork network, IReadOnlyList<RunPoint> history, DeviceLanes lanes)
    {
        (Manifest, _network, History, _lanes) = (manifest, network, history, lanes);
        Recipe = JsonSerializer.Deserialize<AugmentationRecipe>(Spec.Augmentations[0])!;
    }

    /// <summary>The checkpoint.</summary>
    public Manifest Manifest { get; }

    /// <summary>How the run came to the checkpoint; without points where the checkpoint holds none.</summary>
    public IReadOnlyList<RunPoint> History { get; }

    /// <summary>What the run learns.</summary>
    public RunSpec Spec => _network.Spec;

    /// <summary>How the run's query views are made; plain views have its size and normalisation.</summary>
    public AugmentationRecipe Recipe { get; }

    /// <summary>The run's crops and flips alone, without its colours: what labels are learned with.</summary>
    public AugmentationRecipe Geometry => Recipe with
    {
        Jitter = ColorJitter.None,
        GrayscaleProbability = 0,
        BlurProbability = 0,
        SolarizeProbability = 0,
    };

    /// <summary>The threads that tensor work goes to.</summary>
    public IReadOnlyList<DeviceExecutor> Lanes => _lanes.Lanes;

    /// <summary>The images that the run learned from; use the first <see cref="DatasetSpec.Count"/>.</summary>
    /// <exception cref="InvalidOperationException">The copy here is not the one that the run was started with.</exception>
    /// <exception cref="DatasetException">Its files are missing or malformed.</exception>
    public IImageDataset Training => _shelf.Training(Spec.Dataset);

    /// <summary>The images that the run is judged on.</summary>
    /// <exception cref="DatasetException">Its files are missing or malformed.</exception>
    public IImageDataset Test => _shelf.Test(Spec.Dataset);

    /// <summary>Opens a run's checkpoint.</summary>
    /// <param name="store">Where it lies.</param>
    /// <param name="run">The run's id within the store.</param>
    /// <param name="version">Which checkpoint; null = the newest.</param>
    /// <param name="worker">Device and lanes; the processor with one lane a core by default.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="CheckpointException">There is no such checkpoint, or it is damaged; the message says what there is.</exception>
    public static async Task<TrainedRun> OpenAsync(
        ICheckpointStore store, string run, long? version = null, Action<WorkerOptions>? worker = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        var manifests = new ManifestStore(store, $"{run}/checkpoints");
        var manifest = version is { } wanted
            ? await manifests.ReadAsync(wanted, cancellationToken).ConfigureAwait(false)
            : await manifests.LatestAsync(cancellationToken).ConfigureAwait(false) ?? throw new CheckpointException($"Run '{run}' has no checkpoint in {store.Location}.");
        var network = await CheckpointNetwork.ReadAsync(store, manifests, manifest, cancellationToken).ConfigureAwait(false);
        var history = await RunHistory.ReadAsync(manifests, manifest, cancellationToken).ConfigureAwait(false);
        var options = new WorkerOptions();
        worker?.Invoke(options);
        return new(manifest, network, history.Points, LaneFactory.Create(options));
    }

    /// <summary>
    /// Opens another data set, with the run's channels: grey becomes three equal channels, colour becomes its luma. Closed
    /// with this run.
    /// </summary>
    /// <exception cref="ArgumentException">An unknown name or split; the message says what is known.</exception>
    /// <exception cref="DatasetException">Its files are missing or malformed.</exception>
    public IImageDataset Open(DatasetRequest request)
    {
        var dataset = ChannelsDataset.Of(
            DatasetCatalog.Open(request with { Channels = Spec.Dataset.Channels, MinimumSize = Spec.Dataset.ImageSize }), Spec.Dataset.Channels);
        lock (_opened) _opened.Add(dataset);
        return dataset;
    }

    /// <summary>Makes the network, in evaluation mode. On a lane's thread only; the caller disposes it there.</summary>
    public ContrastiveModel CreateModel(torch.Device device, NetworkWeights weights = NetworkWeights.Query) => _network.Create(weights, device);

    /// <summary>Features of views, from all lanes: one table for each kind. Holds the tables and a batch of views a lane.</summary>
    /// <exception cref="DatasetException">An image cannot be read.</exception>
    public async Task<IReadOnlyList<FeatureRows>> FeaturesAsync(
        FeatureRequest request, NetworkWeights weights = NetworkWeights.Query, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        var count = request.Rows;
        var labels = new int[count];
        for (var i = 0; i < count; i++) labels[i] = request.Label?.Invoke(i) ?? request.Dataset.Label(request.Image(i));
        var table = new FeatureTable(request.Kinds.Count, labels);
        await FeaturesAsync(
            request, (first, rows) => table.Fill(first, Math.Min(ImagesPerJob, count - first), rows), weights, cancellationToken).ConfigureAwait(false);
        return table.ToRows();
    }

    /// <summary>
    /// Features of views, from all lanes, batch by batch: nothing is kept. The networks are vouched for to be the same
    /// afterwards.
    /// </summary>
    /// <param name="request">Which images and what of them.</param>
    /// <param name="take">
    /// Given the number of the first row and, for each kind, this and the following rows. From the lanes'
    /// threads, several at once and in no order.
    /// </param>
    /// <param name="weights">Whose features.</param>
    /// <param name="cancellationToken">Ends the pass.</param>
    /// <exception cref="DatasetException">An image cannot be read.</exception>
    /// <exception cref="InvalidOperationException">A weight or running moment of a network changed.</exception>
    public async Task FeaturesAsync(
        FeatureRequest request, Action<int, float[][]> take, NetworkWeights weights = NetworkWeights.Query, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        var dataset = request.Dataset;
        if (dataset.Channels != Spec.Dataset.Channels)
            throw new ArgumentException($"Data set {dataset.Name} has images of {dataset.Channels} channels, the run's have {Spec.Dataset.Channels}.", nameof(request));
        var count = request.Rows;
        var next = -ImagesPerJob;
        await Task.WhenAll(Lanes.Select(LaneAsync)).ConfigureAwait(false);

        async Task LaneAsync(DeviceExecutor lane)
        {
            Frozen? network = null;
            try
            {
                var augmentation = request.Augmentation;
                var views = new ImageViews(dataset, augmentation?.Recipe ?? Recipe);
                for (var first = Interlocked.Add(ref next, ImagesPerJob); first < count; first = Interlocked.Add(ref next, ImagesPerJob))
                {
                    var begin = first;
                    int[] images = [.. Enumerable.Range(first, Math.Min(ImagesPerJob, count - first)).Select(request.Image)];
                    var bytes = await Task.Run(
                        () => augmentation is null ? views.Plain(images) : views.Augmented(images, augmentation.Seed, augmentation.Epoch), cancellationToken).ConfigureAwait(false);
                    await lane.RunAsync(() => take(begin, Extract(ref network, lane.Device, bytes, begin, images.Length)), cancellationToken).ConfigureAwait(false);
                    request.Progress?.Report(images.Length);
                }

                if (network is not null) await lane.RunAsync(network.Weights.AssertUnchanged, cancellationToken).ConfigureAwait(false);
            }
            finally
            {
                if (network is not null) await lane.RunAsync(network.Model.Dispose, CancellationToken.None).ConfigureAwait(false);
            }
        }

        float[][] Extract(ref Frozen? network, torch.Device device, byte[] bytes, int first, int rows)
        {
            if (network is null && request.Kinds.Any(kind => kind != FeatureKind.Pixels))
            {
                var model = CreateModel(device, weights);
                network = new(model, FrozenWeights.Of(model));
            }

            using var scope = torch.NewDisposeScope();
            using var noGrad = torch.no_grad();
            var views = ToViews(bytes, rows, device);
            return FeatureExtractor.Extract(network?.Model, request.Change?.Invoke(views, first) ?? views, request.Kinds, request.Unit);
        }
    }

    /// <summary>Bytes of <see cref="ImageViews"/> as a tensor [B, C, H, W] of the type that the networks take. On a lane's thread.</summary>
    public torch.Tensor ToViews(byte[] bytes, int count, torch.Device device)
    {
        using var scope = torch.NewDisposeScope();
        var views = torch.empty([count, Spec.Dataset.Channels, Recipe.Size, Recipe.Size], torch.ScalarType.Float32);
        bytes.CopyTo(views.bytes);
        return views.to(Spec.Model.Precision == "float64" ? torch.ScalarType.Float64 : torch.ScalarType.Float32, device).MoveToOuterDisposeScope();
    }

    private sealed record Frozen(ContrastiveModel Model, FrozenWeights Weights);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _lanes.DisposeAsync().ConfigureAwait(false);
        _shelf.Dispose();
        foreach (var dataset in _opened) dataset.Dispose();
    }
}
