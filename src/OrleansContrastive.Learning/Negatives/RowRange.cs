namespace OrleansContrastive.Learning.Negatives;

/// <summary>Rows to contrast against, and which of them show a query's own image (ascending, from 0 at the first row).</summary>
internal readonly record struct RowRange(INegativeRows Rows, int First, int End, List<(int Query, int Row)> Masked)
{
    // 256 queries by 1,024 rows of logits are 1 MiB: the second-level cache of two cores.
    private const int ChunkLogits = 1 << 18;

    internal int Count => End - First;

    /// <summary>Rows of a chunk whose logits stay in the cache.</summary>
    internal static int ChunkRows(int queries) => Math.Max(128, ChunkLogits / queries);

    /// <summary>Counts what is left for each query.</summary>
    internal double[] CountValid(int queries)
    {
        var counts = new double[queries];
        Array.Fill(counts, Count);
        foreach (var (query, _) in Masked)
        {
            counts[query]--;
        }

        return counts;
    }

    /// <summary>Masked pairs of a chunk, as flat positions in its [queries, rows] logits.</summary>
    internal long[] MaskedCells(ref int next, int chunkFirst, int chunkRows)
    {
        var begin = next;
        var offset = chunkFirst - First;
        while (next < Masked.Count && Masked[next].Row < offset + chunkRows)
        {
            next++;
        }

        var cells = new long[next - begin];
        for (var i = 0; i < cells.Length; i++)
        {
            var (query, row) = Masked[begin + i];
            cells[i] = (long)query * chunkRows + row - offset;
        }

        return cells;
    }
}
