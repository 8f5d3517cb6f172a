namespace OrleansContrastive.Checkpoints.Manifests;

/// <summary>Consecutive leases of one data epoch: the indices <paramref name="First"/> to <paramref name="Last"/>, both included.</summary>
/// <param name="Epoch">The data epoch, from 0.</param>
/// <param name="First">The first index.</param>
/// <param name="Last">The last index.</param>
public readonly record struct LeaseRange(int Epoch, long First, long Last)
{
    /// <summary>How many leases the range holds.</summary>
    public long Count => Last - First + 1;

    /// <summary>The fewest ranges that hold exactly these leases, ascending; a lease given twice counts once.</summary>
    public static IReadOnlyList<LeaseRange> Compress(IEnumerable<(int Epoch, long Index)> leases)
    {
        var ranges = new List<LeaseRange>();
        foreach (var (epoch, index) in leases.Order())
        {
            if (ranges is [.., var last] && last.Epoch == epoch && index <= last.Last + 1) ranges[^1] = last with { Last = index };
            else ranges.Add(new LeaseRange(epoch, index, index));
        }

        return ranges;
    }

    /// <summary>The leases of all ranges, one by one.</summary>
    public static IEnumerable<(int Epoch, long Index)> Expand(IEnumerable<LeaseRange> ranges)
    {
        foreach (var range in ranges)
        {
            for (var index = range.First; index <= range.Last; index++) yield return (range.Epoch, index);
        }
    }
}
