using System.Runtime.InteropServices;
using TorchSharp;

namespace OrleansContrastive.Learning.Negatives.Sampling;

/// <summary>Finds the rows that are most similar to each query. The lower row comes first where two are alike.</summary>
internal sealed class HardestSearch(torch.Tensor queries, ContrastCall call, INegativeRows rows, int most)
{
    private readonly int _queries = (int)queries.shape[0];
    private readonly PriorityQueue<int, (double Similarity, int Row)>[] _best =
        [.. Enumerable.Range(0, (int)queries.shape[0]).Select(_ => new PriorityQueue<int, (double, int)>(WeakestFirst))];

    private static readonly Comparer<(double Similarity, int Row)> WeakestFirst = Comparer<(double Similarity, int Row)>.Create(
        (a, b) => a.Similarity != b.Similarity ? a.Similarity.CompareTo(b.Similarity) : b.Row.CompareTo(a.Row));

    /// <summary>Looks through a range of rows.</summary>
    public void Add(int first, int count)
    {
        using var scope = torch.NewDisposeScope();
        using var noGrad = torch.no_grad();
        var own = rows.OwnRows(call.SampleIds, first, first + count).Select(pair => (pair.Query, pair.Row + first)).ToHashSet();
        var chunk = RowRange.ChunkRows(_queries);
        for (var (row, taken) = (first, 0); row < first + count; row += taken)
        {
            using var inner = torch.NewDisposeScope();
            var vectors = rows.Rows(row, Math.Min(chunk, first + count - row));
            taken = (int)vectors.shape[0];
            var similarities = MemoryMarshal.Cast<byte, double>(queries.mm(vectors.t()).to_type(torch.ScalarType.Float64).cpu().contiguous().bytes);
            for (var query = 0; query < _queries; query++) Add(query, row, similarities.Slice(query * taken, taken), own);
        }
    }

    /// <summary>The rows of a query, most similar first.</summary>
    public (int Row, double Similarity)[] Of(int query) =>
        [.. _best[query].UnorderedItems.Select(item => (item.Element, item.Priority.Similarity)).OrderByDescending(item => item.Similarity).ThenBy(item => item.Element)];

    private void Add(int query, int first, ReadOnlySpan<double> similarities, HashSet<(int, int)> own)
    {
        var best = _best[query];
        var weakest = best.Count < most ? double.NegativeInfinity : best.TryPeek(out _, out var least) ? least.Similarity : 0;
        for (var i = 0; i < similarities.Length; i++)
        {
            if (best.Count == most && similarities[i] <= weakest) continue;
            if (own.Count > 0 && own.Contains((query, first + i))) continue;
            if (best.Count < most) best.Enqueue(first + i, (similarities[i], first + i));
            else best.EnqueueDequeue(first + i, (similarities[i], first + i));
            best.TryPeek(out _, out var peek);
            weakest = peek.Similarity;
        }
    }
}
