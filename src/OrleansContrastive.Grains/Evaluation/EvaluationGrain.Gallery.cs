using Orleans;
using OrleansContrastive.Contracts.Blocks;
using OrleansContrastive.Contracts.Evaluation;
using OrleansContrastive.Contracts.Runs;
using OrleansContrastive.Grains.Workers;
using OrleansContrastive.Learning.Evaluation;
using TorchSharp;

namespace OrleansContrastive.Grains.Evaluation;

/// <summary>A part of the training images' features, kept for an evaluation that another silo leads; and, of the one that leads, how the parts come about.</summary>
internal sealed partial class EvaluationGrain
{
    private Held? _held;
    private int _turn;

    public Task TakeWeightsAsync(WeightsPart part)
    {
        if (_held?.Evaluation != part.Evaluation) _held = new(part.Evaluation);
        var bytes = part.Bytes.Expect("weights to judge", ElementType.Byte, -1);
        if (!_held.Weights.TryGetValue((part.Moments, part.Shard), out var shard)) _held.Weights[(part.Moments, part.Shard)] = shard = new byte[part.Total];
        bytes.CopyTo(shard.AsMemory(part.Offset));
        return Task.CompletedTask;
    }

    public async Task HoldAsync(GalleryRequest request)
    {
        var held = _held?.Evaluation == request.Evaluation ? _held : new Held(request.Evaluation);
        var spec = request.Spec;
        var weights = request.Untrained ? null : new EvaluationWeights(held.Set(moments: false, spec), held.Set(moments: true, spec));
        held.Weights.Clear();
        var initial = request.Untrained ? await checkpoints.InitialAsync(spec) : null;
        await using var networks = new EvaluationNetworks(lanes, spec, weights, initial);
        held.Tables = await ExtractAsync(networks, spec, request.Features, datasets.Training(spec.Dataset), request.First, request.Count);
        (held.First, _held) = (request.First, held);
    }

    public async Task<TensorBlock> NearestAsync(NearestRequest request)
    {
        if (_held is not { Tables: { } tables } held || held.Evaluation != request.Evaluation)
            throw new InvalidOperationException($"{this.GetPrimaryKeyString()} keeps no features of this evaluation; another one has begun, or the silo has started anew.");
        var lane = lanes.Lanes[(int)((uint)Interlocked.Increment(ref _turn) % (uint)lanes.Lanes.Count)];
        return Gallery.ToBlock(await lane.RunAsync(() =>
        {
            using var scope = torch.NewDisposeScope();
            return WeightedKnn.Find(tables[request.Kind].Borrow(), Blocks.ToTensor(request.Queries, torch.ScalarType.Float32, torch.CPU), request.Most, held.First);
        }));
    }

    public Task ReleaseAsync(long evaluation)
    {
        if (_held?.Evaluation == evaluation) _held = null;
        return Task.CompletedTask;
    }

    /// <summary>Cuts the training images into a part for each place, where products of whole chunks are cut too; the first place has most.</summary>
    private static (int First, int Count)[] Parts(int images, int places)
    {
        var chunks = (images + WeightedKnn.Chunk - 1) / WeightedKnn.Chunk;
        int At(int place) => Math.Min(images, (int)(((long)chunks * place) + places - 1) / places * WeightedKnn.Chunk);
        return [.. Enumerable.Range(0, places).Select(place => (At(place), At(place + 1) - At(place)))];
    }

    /// <summary>Has another silo make its part, by the very weights that are at hand here.</summary>
    private static async Task SpreadAsync(IEvaluationGrain other, long evaluation, KnnRequest request, EvaluationWeights? weights, (int First, int Count) part)
    {
        foreach (var (moments, set) in weights is null ? [] : new[] { (false, weights.Parameters), (true, weights.Moments) })
        {
            for (var shard = 0; shard < set.Shards.Length; shard++)
            {
                var (bytes, offset) = (set.Shards[shard], 0);
                do
                {
                    var taken = Math.Min(request.View.Spec.MaxBlockBytes, bytes.Length - offset);
                    var block = new TensorBlock(ElementType.Byte, [taken], bytes.Slice(offset, taken));
                    await other.TakeWeightsAsync(new() { Evaluation = evaluation, Moments = moments, Shard = shard, Offset = offset, Total = bytes.Length, Bytes = block });
                    offset += taken;
                }
                while (offset < bytes.Length);
            }
        }

        await other.HoldAsync(new()
        {
            Evaluation = evaluation,
            Spec = request.View.Spec,
            Features = request.Features,
            Untrained = request.Untrained,
            First = part.First,
            Count = part.Count,
        });
    }

    private static async Task ForgetAsync(IEvaluationGrain other, long evaluation)
    {
        try
        {
            await other.ReleaseAsync(evaluation);
        }
        catch (Exception fault) when (CallFaults.IsTransient(fault))
        {
            // Whoever cannot be told drops it with the next evaluation.
        }
    }

    /// <summary>What is kept for one evaluation.</summary>
    private sealed class Held(long evaluation)
    {
        public long Evaluation { get; } = evaluation;

        public Dictionary<(bool Moments, int Shard), byte[]> Weights { get; } = [];

        public FeatureRows[]? Tables { get; set; }

        /// <summary>Number of the first image.</summary>
        public int First { get; set; }

        public ParameterSet Set(bool moments, RunSpec spec) => new(0, 0, [.. Enumerable.Range(0, spec.Topology.ParameterShards).Select(shard => Weights.TryGetValue((moments, shard), out var bytes)
            ? (ReadOnlyMemory<byte>)bytes
            : throw new InvalidOperationException($"The {(moments ? "moments" : "weights")} of shard {shard} to judge have not come."))]);
    }
}
