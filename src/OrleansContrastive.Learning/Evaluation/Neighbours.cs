namespace OrleansContrastive.Learning.Evaluation;

/// <summary>For each of some queries the rows of a gallery that are most similar to it, best first: what a part of a gallery knows about them. Immutable.</summary>
/// <remarks>
/// A neighbour is one number, ascending by descending similarity and then by row: the complement of the similarity's ordered bits above, the row below. Numbering the rows over
/// all parts makes the joined neighbours those of the whole gallery, ties included.
/// </remarks>
public sealed class Neighbours
{
    /// <summary>Where there is no neighbour (more): greater than any.</summary>
    internal const ulong None = ulong.MaxValue;

    private readonly ulong[] _keys;

    /// <summary>Takes over neighbours that have travelled.</summary>
    /// <param name="keys">[queries x most], as <see cref="Keys"/> gives them.</param>
    /// <param name="queries">Queries, 1 or more.</param>
    /// <exception cref="ArgumentException">The keys are not the same number for each query.</exception>
    public Neighbours(ulong[] keys, int queries)
    {
        ArgumentNullException.ThrowIfNull(keys);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(queries);
        if (keys.Length == 0 || keys.Length % queries != 0) throw new ArgumentException($"{keys.Length} neighbours are not the same number for each of {queries} queries.", nameof(keys));
        (_keys, Queries, Most) = (keys, queries, keys.Length / queries);
    }

    /// <summary>Number of queries.</summary>
    public int Queries { get; }

    /// <summary>Neighbours of a query, at most.</summary>
    public int Most { get; }

    /// <summary>All of them, query after query, to be sent.</summary>
    public ReadOnlySpan<ulong> Keys => _keys;

    /// <summary>Of all parts of a gallery together.</summary>
    /// <param name="parts">What each part has of the same queries.</param>
    /// <param name="most">Neighbours of a query, at most.</param>
    public static Neighbours Join(IReadOnlyList<Neighbours> parts, int most)
    {
        ArgumentNullException.ThrowIfNull(parts);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(most);
        if (parts.Count == 1 && parts[0].Most <= most) return parts[0];
        var queries = parts[0].Queries;
        if (parts.Any(part => part.Queries != queries))
            throw new ArgumentException($"The parts know {string.Join(", ", parts.Select(part => part.Queries))} queries; expected the same number.", nameof(parts));
        var all = new ulong[parts.Sum(part => part.Most)];
        most = Math.Min(most, all.Length);
        var joined = new ulong[queries * most];
        for (var query = 0; query < queries; query++)
        {
            var filled = 0;
            foreach (var part in parts)
            {
                part._keys.AsSpan(query * part.Most, part.Most).CopyTo(all.AsSpan(filled));
                filled += part.Most;
            }

            Array.Sort(all);
            all.AsSpan(0, most).CopyTo(joined.AsSpan(query * most));
        }

        return new(joined, queries);
    }

    /// <summary>The neighbours of one query, without those that are none.</summary>
    internal ReadOnlySpan<ulong> Of(int query)
    {
        var keys = _keys.AsSpan(query * Most, Most);
        var end = keys.IndexOf(None);
        return end < 0 ? keys : keys[..end];
    }
}
