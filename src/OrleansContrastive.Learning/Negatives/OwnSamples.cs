namespace OrleansContrastive.Learning.Negatives;

/// <summary>Finds the negatives that show a query's own image: they are no negatives and are masked.</summary>
internal static class OwnSamples
{
    /// <summary>Lists the (query, row) pairs of equal sample id, by ascending row.</summary>
    /// <param name="queryIds">Sample of each query; empty switches masking off.</param>
    /// <param name="rowIds">Sample of each row; negative ids match nothing.</param>
    internal static List<(int Query, int Row)> Find(ReadOnlySpan<long> queryIds, ReadOnlySpan<long> rowIds)
    {
        var found = new List<(int, int)>();
        var queries = new Dictionary<long, List<int>>();
        for (var query = 0; query < queryIds.Length; query++)
        {
            if (queryIds[query] >= 0)
            {
                if (!queries.TryGetValue(queryIds[query], out var list))
                {
                    queries.Add(queryIds[query], list = []);
                }

                list.Add(query);
            }
        }

        for (var row = 0; queries.Count > 0 && row < rowIds.Length; row++)
        {
            if (queries.TryGetValue(rowIds[row], out var list))
            {
                foreach (var query in list)
                {
                    found.Add((query, row));
                }
            }
        }

        return found;
    }
}
