using Orleans;
using OrleansContrastive.Contracts.Blocks;
using OrleansContrastive.Contracts.Runs;
using OrleansContrastive.Contracts.Shards;
using OrleansContrastive.Contracts.Workers;
using OrleansContrastive.Grains.Silos;
using OrleansContrastive.Learning.Devices;
using OrleansContrastive.Learning.Negatives;
using TorchSharp;

namespace OrleansContrastive.Grains.Workers;

/// <summary>
/// An encoder's way to the negatives: a mirror that pulls only new rows, or queries that travel to the shards.
/// One caller at a time; the mirror itself is touched on the lane only.
/// </summary>
internal sealed class QueueReader(IGrainFactory grains, DeviceExecutor lane) : IAsyncDisposable
{
    private QueueMirror? _mirror;
    private long _history = -1;
    private double? _logPartition;

    /// <summary>The local copy; only after <see cref="CatchUpAsync"/>.</summary>
    public QueueMirror Mirror => _mirror ?? throw new InvalidOperationException("The mirror was not filled yet.");

    /// <summary>Bytes of rows, queries and partial softmaxes that went over the wire so far.</summary>
    public long BytesMoved { get; private set; }

    /// <summary>Versions of some of the rows that the last contrast met.</summary>
    public IReadOnlyList<long> RowVersions { get; private set; } = [];

    /// <summary>Pulls the rows that are visible at a version (-1 = whatever there is).</summary>
    /// <exception cref="StaleViewException">A shard is in another history.</exception>
    public async Task CatchUpAsync(RunView view, long version)
    {
        var spec = view.Spec;
        _mirror ??= await lane.RunAsync(() => new QueueMirror(
            spec.Contrast.QueueLength, spec.Model.EmbeddingWidth, Scalar(spec), lane.Device, view.NegativeShards.Length));
        if (_history != view.History) await lane.RunAsync(_mirror.Clear);
        _history = view.History;

        var pulled = await Task.WhenAll(view.NegativeShards.Select((key, shard) => PullAsync(view, key, _mirror.SequenceOf(shard), version)));
        BytesMoved += pulled.Sum(rows => (long)rows.Vectors.Length);
        RowVersions = await lane.RunAsync(() =>
        {
            if (pulled.Any(rows => rows.Count > 0)) _mirror.Apply(pulled);
            return RowAges.Sample(_mirror.KeyVersions, _mirror.SampleIds, RowAges.Looks);
        });
    }

    /// <summary>The bank's row of every sample, [B, D].</summary>
    /// <param name="view">The view to work in.</param>
    /// <param name="version">Rows up to this version must be in; -1 = whatever there is.</param>
    /// <param name="samples">The samples.</param>
    /// <exception cref="StaleViewException">A shard is in another history.</exception>
    public async Task<TensorBlock> OwnRowsAsync(RunView view, long version, long[] samples)
    {
        var (spec, shards) = (view.Spec, view.NegativeShards.Length);
        var (type, width) = (ModelFactory.MasterType(spec), spec.Model.EmbeddingWidth);
        var row = width * type.Size();
        var bytes = new byte[samples.Length * row];
        await Task.WhenAll(view.NegativeShards.Select(async (key, shard) =>
        {
            int[] places = [.. Enumerable.Range(0, samples.Length).Where(place => samples[place] % shards == shard)];
            if (places.Length == 0) return;
            var request = new OwnRowsRequest(view.History, version, [.. places.Select(place => samples[place])]);
            var reply = await AskAsync(key, () => grains.GetGrain<INegativeStoreGrain>(key).OwnRowsAsync(request), reply => reply.Status);
            var rows = reply.Rows!.Expect(key, type, places.Length, width);
            for (var i = 0; i < places.Length; i++) rows.Slice(i * row, row).CopyTo(bytes.AsMemory(places[i] * row));
        }));
        BytesMoved += bytes.Length;
        return new(type, [samples.Length, width], bytes);
    }

    /// <summary>Has queries contrasted at every shard; the answers come in shard order.</summary>
    /// <param name="view">The view to work in.</param>
    /// <param name="version">Rows up to this version must be in; -1 = whatever there is.</param>
    /// <param name="queries">Unit queries [B, D].</param>
    /// <param name="samples">Sample of each.</param>
    /// <param name="step">Tells the draws of one lease and direction from those of another.</param>
    /// <param name="epoch">Epochs behind the lease, with the fraction of the one it is in.</param>
    /// <exception cref="StaleViewException">A shard is in another history.</exception>
    public async Task<IReadOnlyList<PartialSoftmax[]>> ContrastAsync(RunView view, long version, TensorBlock queries, long[] samples, long step, double epoch)
    {
        var (spec, parts) = (view.Spec, SamplingFactory.Create(view.Spec.Contrast.Sampling).Parts);
        var stride = spec.Model.EmbeddingWidth + 3;
        // An answer of many parts comes for a few queries at a time: no message above the largest block.
        var most = Math.Max(1, spec.MaxBlockBytes / (parts * stride * queries.Type.Size()));
        var versions = new List<long>();
        // In lockstep all shards stand at one version, and at one Z; otherwise one of theirs is told to all.
        var logPartition = spec.Consistency.Mode == ConsistencyMode.Lockstep ? null : _logPartition;
        var answers = await Task.WhenAll(view.NegativeShards.Select(async key =>
        {
            var pieces = new List<PartialSoftmax[]>();
            for (var first = 0; first < samples.Length; first += most)
            {
                var count = Math.Min(most, samples.Length - first);
                var reply = await AnswerAsync(view, key, Request(view, version, queries, samples, step, first, count) with { Epoch = epoch, LogPartition = logPartition });
                pieces.Add(reply is null
                    ? [.. Enumerable.Range(0, parts).Select(_ => PartialSoftmax.Empty(count, spec.Model.EmbeddingWidth))]
                    : Parts(key, reply, spec, parts, count));
                versions.AddRange(reply?.RowVersions ?? []);
                if (reply is not null) _logPartition = reply.LogPartition;
            }

            return pieces.Count == 1 ? pieces[0] : [.. Enumerable.Range(0, parts).Select(part => PartialSoftmax.Stack([.. pieces.Select(piece => piece[part])]))];
        }));
        RowVersions = versions;
        return answers;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_mirror is { } mirror) await lane.RunAsync(mirror.Dispose);
    }

    private static ContrastRequest Request(RunView view, long version, TensorBlock queries, long[] samples, long step, int first, int count)
    {
        var row = queries.Data.Length / samples.Length;
        var whole = count == samples.Length;
        return new()
        {
            History = view.History,
            Version = version,
            Queries = whole ? queries : new(queries.Type, [count, queries.Shape[1]], queries.Data.Slice(first * row, count * row)),
            SampleIds = !view.Spec.Contrast.MaskOwnSample && view.Spec.Contrast.Sampling.Kind != SamplingKind.Noise ? [] : whole ? samples : samples[first..(first + count)],
            KeepsOwn = !view.Spec.Contrast.MaskOwnSample,
            Temperature = view.Spec.Contrast.Temperature,
            Step = step,
        };
    }

    /// <summary>A shard's answer; null where it came too late, which only asynchronous runs go on without.</summary>
    private async Task<ContrastReply?> AnswerAsync(RunView view, string key, ContrastRequest request)
    {
        var answer = AskAsync(key, () => grains.GetGrain<INegativeStoreGrain>(key).ContrastAsync(request), reply => reply.Status);
        if (view.Spec.Consistency.Mode != ConsistencyMode.Lockstep)
        {
            try
            {
                return await answer.WaitAsync(view.Spec.Contrast.Deadline);
            }
            catch (TimeoutException)
            {
                return null;
            }
        }

        return await answer;
    }

    private PartialSoftmax[] Parts(string key, ContrastReply reply, RunSpec spec, int parts, int queries)
    {
        var (width, type) = (spec.Model.EmbeddingWidth, ModelFactory.MasterType(spec));
        var bytes = reply.Parts!.Expect(key, type, parts, queries, width + 3);
        BytesMoved += bytes.Length + ((long)queries * width * type.Size());
        var one = bytes.Length / parts;
        return [.. Enumerable.Range(0, parts).Select(part => PartialSoftmax.FromBytes(bytes.Span.Slice(part * one, one), Scalar(spec), queries, width))];
    }

    private async Task<QueueRows> PullAsync(RunView view, string key, long sequence, long version)
    {
        var spec = view.Spec;
        var store = grains.GetGrain<INegativeStoreGrain>(key);
        var parts = new List<QueueRows>();
        while (true)
        {
            var from = parts.Count > 0 ? parts[^1].NextSequence : sequence;
            var reply = await AskAsync(key, () => store.ReadAsync(new(view.History, from, version)), reply => reply.Status);
            reply.Rows!.Expect(key, ModelFactory.MasterType(spec), reply.SampleIds.Length, spec.Model.EmbeddingWidth);
            var rows = new QueueRows(
                Scalar(spec), spec.Model.EmbeddingWidth, reply.Sequence, reply.Rows.Data, reply.SampleIds, reply.KeyVersions, reply.CommitVersions, reply.Ordinals);
            parts.Add(rows);
            // A long queue comes in several replies.
            if (rows.NextSequence >= reply.End || rows.Count == 0) return parts.Count == 1 ? rows : Join(parts);
        }
    }

    private static QueueRows Join(List<QueueRows> parts)
    {
        // Where the ring overtook the reading, what lies before the gap is gone from the queue as well.
        var gap = Enumerable.Range(1, parts.Count - 1).LastOrDefault(i => parts[i].FirstSequence != parts[i - 1].NextSequence);
        var whole = parts[gap..];
        var bytes = new byte[whole.Sum(part => part.Vectors.Length)];
        var filled = 0;
        foreach (var part in whole)
        {
            part.Vectors.CopyTo(bytes.AsMemory(filled));
            filled += part.Vectors.Length;
        }

        return whole[0] with
        {
            Vectors = bytes,
            SampleIds = [.. whole.SelectMany(part => part.SampleIds)],
            KeyVersions = [.. whole.SelectMany(part => part.KeyVersions)],
            CommitVersions = [.. whole.SelectMany(part => part.CommitVersions)],
            Ordinals = [.. whole.SelectMany(part => part.Ordinals)],
        };
    }

    private static async Task<TReply> AskAsync<TReply>(string key, Func<Task<TReply>> call, Func<TReply, ShardStatus> status)
    {
        while (true)
        {
            var reply = await call();
            StaleViewException.ThrowIf(key, status(reply));
            if (status(reply) != ShardStatus.NotYet) return reply;
            // The parameter shards have applied this version; the store shard is about to.
            await Task.Delay(1);
        }
    }

    private static torch.ScalarType Scalar(RunSpec spec) => Blocks.ScalarOf(ModelFactory.MasterType(spec));
}
