namespace OrleansContrastive.Learning.Tests.Golden;

/// <summary>
/// Numbers in [-1, 1) that Python and C# compute alike (the mixing of SplitMix64, 24 bits, exact in single precision),
/// so that golden files need not hold inputs and weights. The twin is <c>pattern</c> in <c>golden_file.py</c>.
/// </summary>
public static class Pattern
{
    public static double At(long index, ulong seed)
    {
        var z = (ulong)(index + 1) * 0x9E3779B97F4A7C15UL + seed * 0xD1B54A32D192ED03UL;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBUL;
        z ^= z >> 31;
        return (z >> 40) / (double)(1 << 23) - 1.0;
    }

    public static float[] Single(long count, ulong seed)
    {
        var values = new float[count];
        for (var i = 0L; i < count; i++) values[i] = (float)At(i, seed);
        return values;
    }

    public static double[] Double(long count, ulong seed)
    {
        var values = new double[count];
        for (var i = 0L; i < count; i++) values[i] = At(i, seed);
        return values;
    }
}
