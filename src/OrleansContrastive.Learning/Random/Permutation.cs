namespace OrleansContrastive.Learning.Random;

/// <summary>Seeded permutations (Fisher and Yates, by Durstenfeld's loop).</summary>
internal static class Permutation
{
    /// <summary>A uniformly drawn order of 0 … <paramref name="count"/> − 1; index tensors take it as it is.</summary>
    public static long[] Draw(int count, ref RandomStream stream)
    {
        var order = new long[count];
        for (var i = 0; i < count; i++) order[i] = i;
        for (var i = count - 1; i > 0; i--)
        {
            var j = stream.NextInt(i + 1);
            (order[i], order[j]) = (order[j], order[i]);
        }

        return order;
    }

    /// <summary>The order that undoes <paramref name="order"/>.</summary>
    public static long[] Invert(ReadOnlySpan<long> order)
    {
        var inverse = new long[order.Length];
        for (var i = 0; i < order.Length; i++) inverse[order[i]] = i;
        return inverse;
    }
}
