namespace OrleansContrastive.Grains.Workers;

/// <summary>A look at the versions of a store's rows: some at equal distances, and the oldest.</summary>
internal static class RowAges
{
    /// <summary>Rows that all homes together look at.</summary>
    public const int Looks = 64;

    /// <summary>Versions of some rows; rows that show no image have none.</summary>
    /// <param name="versions">Version of each row.</param>
    /// <param name="sampleIds">Sample of each row.</param>
    /// <param name="looks">Rows to look at, beside the oldest.</param>
    public static long[] Sample(ReadOnlySpan<long> versions, ReadOnlySpan<long> sampleIds, int looks)
    {
        var found = new List<long>(looks + 1);
        var oldest = long.MaxValue;
        for (var row = 0; row < versions.Length; row++)
        {
            if (sampleIds[row] >= 0) oldest = Math.Min(oldest, versions[row]);
        }

        if (oldest == long.MaxValue) return [];
        found.Add(oldest);
        for (var look = 0; look < Math.Min(looks, versions.Length); look++)
        {
            var row = (int)((long)look * versions.Length / Math.Min(looks, versions.Length));
            if (sampleIds[row] >= 0) found.Add(versions[row]);
        }

        return [.. found];
    }

    /// <summary>Ages at a version.</summary>
    public static long[] At(long version, IEnumerable<long> versions) => [.. versions.Select(row => Math.Max(0, version - row))];
}
