namespace OrleansContrastive.Learning.Negatives;

/// <summary>Slots of a ring by age.</summary>
internal static class RingRange
{
    /// <summary>The newest rows, older part first.</summary>
    /// <param name="pointer">Slot of the next row.</param>
    /// <param name="filled">Rows in the ring; below the capacity they begin at slot 0.</param>
    /// <param name="capacity">Slots.</param>
    /// <param name="count">Rows wanted.</param>
    internal static IReadOnlyList<(int First, int Count)> Newest(int pointer, int filled, int capacity, int count)
    {
        count = Math.Min(count, filled);
        if (count == 0) return [];
        var end = filled < capacity ? filled : pointer == 0 ? capacity : pointer;
        return count <= end ? [(end - count, count)] : [(capacity - (count - end), count - end), (0, end)];
    }
}
