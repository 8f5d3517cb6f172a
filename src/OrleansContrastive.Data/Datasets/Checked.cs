namespace OrleansContrastive.Data.Datasets;

internal static class Checked
{
    /// <summary>Returns <paramref name="index"/> where it is one of <paramref name="count"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is not.</exception>
    public static int Index(int index, int count)
    {
        if ((uint)index >= (uint)count)
            throw new ArgumentOutOfRangeException(nameof(index), index, $"The data set has {count} images, 0 to {count - 1}.");
        return index;
    }
}
