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

    /// <summary>The local copy; only after <see cref="CatchUpAsync"/>.</summary>
    public QueueMirror Mirror => _mirror ?? throw new InvalidOperationException("The mirror was not filled yet.");

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
        if (pulled.Any(rows => rows.Count > 0)) await lane.RunAsync(() => _mirror.Apply(pulled));
    }

    /// <summary>Has queries contrasted at every shard; the parts come in shard order.</summary>
    /// <exception cref="StaleViewException">A shard is in another history.</exception>
    public async Task<IReadOnlyList<PartialSoftmax>> ContrastAsync(RunView view, long version, TensorBlock queries, long[] samples)
    {
        var request = new ContrastRequest
        {
            History = view.History,
            Version = version,
            Queries = queries,
            SampleIds = view.Spec.Contrast.MaskOwnSample ? samples : [],
            Temperature = view.Spec.Contrast.Temperature,
        };
        return await Task.WhenAll(view.NegativeShards.Select(async key =>
        {
            var reply = await AskAsync(key, () => grains.GetGrain<INegativeStoreGrain>(key).ContrastAsync(request), reply => reply.Status);
            var width = view.Spec.Model.EmbeddingWidth;
            var bytes = reply.Parts!.Expect(key, ModelFactory.MasterType(view.Spec), samples.Length, width + 3);
            return PartialSoftmax.FromBytes(bytes.Span, Scalar(view.Spec), samples.Length, width);
        }));
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_mirror is { } mirror) await lane.RunAsync(mirror.Dispose);
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
