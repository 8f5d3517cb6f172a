namespace OrleansContrastive.Data;

/// <summary>Turns a mistyped name into a helpful sentence.</summary>
public static class NearestName
{
    /// <summary>
    /// The known name closest to <paramref name="name"/> by edit distance, letter case ignored; null where none is close
    /// (more than a third of the letters, and more than two, would have to change).
    /// </summary>
    public static string? Find(string name, IEnumerable<string> known)
    {
        var (best, distance) = ((string?)null, int.MaxValue);
        foreach (var candidate in known)
        {
            var d = Distance(name, candidate);
            if (d < distance)
                (best, distance) = (candidate, d);
        }

        return best is not null && distance <= Math.Max(2, Math.Max(name.Length, best.Length) / 3) ? best : null;
    }

    /// <summary>As <c>Unknown data set "fasion-mnist"; did you mean "fashion-mnist"? Known: cifar10, fashion-mnist.</c></summary>
    /// <param name="kind">What is named, as "data set".</param>
    /// <param name="name">The name that was given.</param>
    /// <param name="known">The names that exist, in the order to be shown.</param>
    public static string Explain(string kind, string name, IReadOnlyCollection<string> known)
    {
        var nearest = Find(name, known);
        var guess = nearest is null ? "." : $"; did you mean \"{nearest}\"?";
        return $"Unknown {kind} \"{name}\"{guess} Known: {string.Join(", ", known)}.";
    }

    /// <summary>
    /// Levenshtein distance: insertions, deletions and replacements that turn one text into the other, letter case ignored.
    /// </summary>
    public static int Distance(string a, string b)
    {
        // One row of the usual table: costs[j] is the distance between a's first i letters and b's first j.
        var costs = new int[b.Length + 1];
        for (var j = 0; j <= b.Length; j++)
            costs[j] = j;
        for (var i = 1; i <= a.Length; i++)
        {
            var diagonal = costs[0];
            costs[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var same = char.ToLowerInvariant(a[i - 1]) == char.ToLowerInvariant(b[j - 1]);
                var replaced = diagonal + (same ? 0 : 1);
                diagonal = costs[j];
                costs[j] = Math.Min(replaced, 1 + Math.Min(costs[j], costs[j - 1]));
            }
        }

        return costs[b.Length];
    }
}
