using Orleans;
using OrleansContrastive.Contracts.Blocks;
using OrleansContrastive.Contracts.Leases;
using OrleansContrastive.Contracts.Runs;
using OrleansContrastive.Contracts.Shards;
using OrleansContrastive.Contracts.Workers;
using OrleansContrastive.Grains.Silos;
using OrleansContrastive.Learning.Devices;
using OrleansContrastive.Learning.Encoders;
using OrleansContrastive.Learning.Methods.Frame;
using TorchSharp;

namespace OrleansContrastive.Grains.Workers;

/// <summary>
/// The key network on one lane: fetches θ_k and key views, and encodes the keys of one lease or of several together.
/// </summary>
/// <remarks>
/// Leases that are encoded together are permuted together before batch norm and put back after it: a key is then normalised among
/// images of other encoders than its query, which is what MoCo's shuffling is for (He et al. 2020, section 3.3). The parts
/// of a batch norm stay as large as one lease's.
/// </remarks>
internal sealed class KeyEncoder(IGrainFactory grains, DeviceExecutor lane) : IAsyncDisposable
{
    private readonly SemaphoreSlim _fetching = new(1);
    private readonly ParameterReader _reader = new(grains, ParameterKind.Key, byWire: true);

    // One network for every number of leases: it has so many times the splits.
    private readonly Dictionary<int, Loaded> _networks = [];
    private MethodPlan? _plan;

    /// <summary>Keys of some leases, by lease; their status is <see cref="ShardStatus.NotYet"/> if the version is not there.</summary>
    /// <param name="view">The view to work in.</param>
    /// <param name="leases">In ascending order; each with the augmentation worker that has its views.</param>
    /// <param name="version">Version of θ_k to use; -1 = the newest.</param>
    public async Task<IReadOnlyDictionary<LeaseId, KeyReply>> EncodeAsync(RunView view, IReadOnlyList<(LeaseId Lease, string Augmentation)> leases, long version)
    {
        var (weights, fetched) = await FetchAsync(view, version);
        if (weights is null) return leases.ToDictionary(lease => lease.Lease, _ => new KeyReply { Status = ShardStatus.NotYet });

        _plan ??= MethodFactory.Plan(view.Spec);
        var batches = await Task.WhenAll(leases.Select(lease => Task.WhenAll(_plan.KeyViews.Select(number =>
            grains.GetGrain<IAugmentationGrain>(lease.Augmentation).TakeAsync(new(lease.Lease, view.Spec), number)))));
        // A lease without a readable image has no keys, and nobody to share a batch norm with.
        var whole = Enumerable.Range(0, leases.Count).Where(i => batches[i][0].SampleIds.Length > 0).ToArray();
        var keys = whole.Length == 0 ? [] : await lane.RunAsync(() => Encode(view.Spec, [.. whole.Select(i => leases[i].Lease)], [.. whole.Select(i => batches[i])], weights));
        var replies = new Dictionary<LeaseId, KeyReply>();
        for (var i = 0; i < leases.Count; i++)
        {
            var views = batches[i].Sum(batch => (long)batch.Views.Data.Length);
            replies[leases[i].Lease] = new()
            {
                Status = ShardStatus.Ok,
                Version = weights.Version,
                Keys = Array.IndexOf(whole, i) is >= 0 and var place ? keys[place] : null,
                Traffic = new(views, 0, 0, 0, i == 0 ? fetched : 0, 0),
            };
        }

        return replies;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var network in _networks.Values) await lane.RunAsync(network.Model.Dispose);
        _networks.Clear();
    }

    private async Task<(ParameterSet? Weights, long Bytes)> FetchAsync(RunView view, long version)
    {
        await _fetching.WaitAsync();
        try
        {
            var before = _reader.BytesFetched;
            return (await _reader.TryFetchAsync(view, version), _reader.BytesFetched - before);
        }
        catch (StaleViewException)
        {
            return default;
        }
        finally
        {
            _fetching.Release();
        }
    }

    private TensorBlock[] Encode(RunSpec spec, LeaseId[] leases, ViewBatch[][] batches, ParameterSet weights)
    {
        using var scope = torch.NewDisposeScope();
        var network = Load(spec, leases.Length, weights);
        var type = Blocks.ScalarOf(ModelFactory.MasterType(spec));
        var draw = leases[0].Ordinal(spec.LeasesPerEpoch);
        torch.Tensor[] directions = [.. Enumerable.Range(0, batches[0].Length).Select(Keys)];
        var keys = new TensorBlock[leases.Length];
        for (var (lease, first) = (0, 0L); lease < leases.Length; lease++)
        {
            var count = batches[lease][0].Views.Shape[0];
            var start = first;
            var parts = directions.Select(direction => direction.narrow(0, start, count)).ToArray();
            keys[lease] = Blocks.FromTensor(parts.Length == 1 ? parts[0] : torch.cat(parts, 0));
            first += count;
        }

        return keys;

        torch.Tensor Keys(int direction)
        {
            torch.Tensor[] views = [.. batches.Select(lease => Blocks.ToTensor(lease[direction].Views, type, lane.Device))];
            var together = views.Length == 1 ? views[0] : torch.cat(views, 0);
            using var keys = MethodStep.EncodeKeys(network.Method, network.Model, together, new(spec.Seed, draw, 0), direction);
            return keys.alias();
        }
    }

    private Loaded Load(RunSpec spec, int leases, ParameterSet weights)
    {
        if (!_networks.TryGetValue(leases, out var network))
        {
            var model = ModelFactory.Create(spec with { Model = spec.Model with { BatchNormSplits = spec.Model.BatchNormSplits * leases } }, lane.Device);
            model.train();
            _networks[leases] = network = new(model, model.Layout.Split(spec.Topology.ParameterShards), MethodFactory.Create(spec));
        }

        if (!ReferenceEquals(network.Weights, weights))
        {
            for (var shard = 0; shard < weights.Shards.Length; shard++)
                ModelExchange.LoadParameters(network.Model, network.Layout[shard], weights.Shards[shard].Span);
            network.Weights = weights;
        }

        return network;
    }

    private sealed class Loaded(ContrastiveModel model, IReadOnlyList<ShardLayout> layout, IContrastiveMethod method)
    {
        public ContrastiveModel Model { get; } = model;

        public IReadOnlyList<ShardLayout> Layout { get; } = layout;

        public IContrastiveMethod Method { get; } = method;

        public ParameterSet? Weights { get; set; }
    }
}
