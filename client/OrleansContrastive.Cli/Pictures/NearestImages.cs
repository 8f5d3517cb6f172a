using System.Numerics.Tensors;

namespace OrleansContrastive.Cli.Pictures;

/// <summary>Keeps the rows most like each of some queries while features of images stream by, in any order and from several threads.</summary>
/// <param name="queries">Unit rows.</param>
/// <param name="k">Rows kept of each.</param>
/// <param name="excluded">Given a row's number, which queries it is not offered to.</param>
internal sealed class NearestImages(IReadOnlyList<float[]> queries, int k, Func<int, bool[]> excluded)
{
    private readonly List<(int Row, float Similarity)>[] _best = [.. queries.Select(_ => new List<(int, float)>())];
    private readonly Lock _lock = new();

    /// <summary>Offers consecutive rows, flat.</summary>
    public void Offer(int first, float[] rows)
    {
        var width = queries[0].Length;
        var similarities = new float[rows.Length / width, queries.Count];
        for (var row = 0; row < rows.Length / width; row++)
        {
            for (var query = 0; query < queries.Count; query++) similarities[row, query] = TensorPrimitives.Dot<float>(rows.AsSpan(row * width, width), queries[query]);
        }

        lock (_lock)
        {
            for (var row = 0; row < rows.Length / width; row++)
            {
                var without = excluded(first + row);
                for (var query = 0; query < queries.Count; query++)
                {
                    if (!without[query]) Offer(_best[query], first + row, similarities[row, query]);
                }
            }
        }
    }

    /// <summary>The rows of a query, most similar first; of equal ones the lower row.</summary>
    public IReadOnlyList<(int Row, float Similarity)> Best(int query) => _best[query];

    private void Offer(List<(int Row, float Similarity)> best, int row, float similarity)
    {
        if (best.Count == k && (similarity, -row).CompareTo((best[^1].Similarity, -best[^1].Row)) <= 0) return;
        var at = best.FindIndex(other => (similarity, -row).CompareTo((other.Similarity, -other.Row)) > 0);
        best.Insert(at < 0 ? best.Count : at, (row, similarity));
        if (best.Count > k) best.RemoveAt(k);
    }
}
