namespace OrleansContrastive.Learning.Tests.Golden;

/// <summary>Compares arrays of numbers, the tolerance relative to the larger of 1 and the expected value.</summary>
internal static class Close
{
    internal static void All(ReadOnlySpan<float> expected, ReadOnlySpan<float> found, double tolerance)
    {
        Assert.Equal(expected.Length, found.Length);
        for (var i = 0; i < expected.Length; i++)
        {
            One(expected[i], found[i], tolerance, i);
        }
    }

    internal static void All(ReadOnlySpan<double> expected, ReadOnlySpan<double> found, double tolerance)
    {
        Assert.Equal(expected.Length, found.Length);
        for (var i = 0; i < expected.Length; i++)
        {
            One(expected[i], found[i], tolerance, i);
        }
    }

    private static void One(double expected, double found, double tolerance, int index) =>
        Assert.True(
            Math.Abs(expected - found) <= tolerance * Math.Max(1, Math.Abs(expected)),
            $"[{index}] is {found:R}; expected {expected:R} within {tolerance:g2}.");
}
