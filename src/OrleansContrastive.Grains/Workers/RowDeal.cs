using OrleansContrastive.Contracts.Blocks;
using OrleansContrastive.Contracts.Runs;

namespace OrleansContrastive.Grains.Workers;

/// <summary>
/// Deals the rows of a lease to the store shards. A queue's go round, one to each shard in turn, going on where the lease
/// before ended: so the rings together always hold the newest rows of the whole. A bank's go to the shard of their sample.
/// </summary>
internal sealed class RowDeal(TensorBlock rows, long[] samples, long lease, int shards, NegativeStoreKind store = NegativeStoreKind.Queue)
{
    /// <summary>The rows of a shard, their samples, and the place of the first one within the lease.</summary>
    public (TensorBlock Rows, long[] Samples, int First) Of(int shard)
    {
        if (shards == 1) return (rows, samples, 0);

        var begin = lease * samples.Length % shards;
        var first = (int)((shard - begin + shards) % shards);
        int[] mine = store == NegativeStoreKind.Bank
            ? [.. Enumerable.Range(0, samples.Length).Where(row => samples[row] % shards == shard)]
            : [.. Enumerable.Range(0, Math.Max(0, (samples.Length - first + shards - 1) / shards)).Select(i => first + (i * shards))];
        var width = (int)(rows.Data.Length / Math.Max(1, samples.Length));
        var bytes = new byte[mine.Length * width];
        for (var i = 0; i < mine.Length; i++) rows.Data.Slice(mine[i] * width, width).CopyTo(bytes.AsMemory(i * width));
        return (new(rows.Type, [mine.Length, rows.Shape[1]], bytes), [.. mine.Select(row => samples[row])], first);
    }
}
