using OrleansContrastive.Contracts.Blocks;

namespace OrleansContrastive.Grains.Workers;

/// <summary>
/// Deals the rows of a lease round the store shards, one to each in turn, going on where the lease before ended: so the
/// shards' rings together always hold the newest rows of the whole.
/// </summary>
internal sealed class RowDeal(TensorBlock rows, long[] samples, long lease, int shards)
{
    /// <summary>The rows of a shard, their samples, and the place of the first one within the lease.</summary>
    public (TensorBlock Rows, long[] Samples, int First) Of(int shard)
    {
        if (shards == 1) return (rows, samples, 0);

        var begin = lease * samples.Length % shards;
        var first = (int)((shard - begin + shards) % shards);
        var count = Math.Max(0, (samples.Length - first + shards - 1) / shards);
        var width = (int)(rows.Data.Length / Math.Max(1, samples.Length));
        var mine = new byte[count * width];
        var ids = new long[count];
        for (var i = 0; i < count; i++)
        {
            var row = first + (i * shards);
            rows.Data.Slice(row * width, width).CopyTo(mine.AsMemory(i * width));
            ids[i] = samples[row];
        }

        return (new(rows.Type, [count, rows.Shape[1]], mine), ids, first);
    }
}
