using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace OrleansContrastive.Learning.Negatives;

/// <summary>Turns a row of logits into exponentials in one pass over memory, and sums them on the way.</summary>
internal static class ExponentialPass
{
    /// <summary>Largest value; −∞ of none. Not a number where one is not.</summary>
    internal static T Maximum<T>(ReadOnlySpan<T> values)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        var best = T.NegativeInfinity;
        var i = 0;
        if (values.Length >= Vector<T>.Count)
        {
            var vector = new Vector<T>(values);
            for (i = Vector<T>.Count; i <= values.Length - Vector<T>.Count; i += Vector<T>.Count)
            {
                vector = Vector.Max(vector, new Vector<T>(values[i..]));
            }

            for (var lane = 0; lane < Vector<T>.Count; lane++)
            {
                best = T.Max(best, vector[lane]);
            }
        }

        for (; i < values.Length; i++)
        {
            best = T.Max(best, values[i]);
        }

        return best;
    }

    /// <summary>values ← exp(values − shift); returns their sum and the largest value before.</summary>
    internal static (T Maximum, double Sum) Apply<T>(Span<T> values, T shift)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        if (typeof(T) == typeof(float))
        {
            var (maximum, sum) = Apply(MemoryMarshal.Cast<T, float>(values), float.CreateChecked(shift));
            return (T.CreateChecked(maximum), sum);
        }

        var best = T.NegativeInfinity;
        var total = 0.0;
        foreach (ref var value in values)
        {
            best = T.Max(best, value);
            value = T.Exp(value - shift);
            total += double.CreateChecked(value);
        }

        return (best, total);
    }

    private static (float Maximum, double Sum) Apply(Span<float> values, float shift)
    {
        ref var first = ref MemoryMarshal.GetReference(values);
        var best = new Vector<float>(float.NegativeInfinity);
        var sum = Vector<float>.Zero;
        var i = 0;
        for (; i <= values.Length - Vector<float>.Count; i += Vector<float>.Count)
        {
            var logits = Vector.LoadUnsafe(ref first, (nuint)i);
            best = Vector.Max(best, logits);
            var exponentials = Exp(logits - new Vector<float>(shift));
            sum += exponentials;
            Vector.StoreUnsafe(exponentials, ref first, (nuint)i);
        }

        var maximum = float.NegativeInfinity;
        var total = 0.0;
        for (var lane = 0; lane < Vector<float>.Count; lane++)
        {
            maximum = float.Max(maximum, best[lane]);
            total += sum[lane];
        }

        for (; i < values.Length; i++)
        {
            maximum = float.Max(maximum, values[i]);
            values[i] = Exp(new Vector<float>(values[i] - shift))[0];
            total += values[i];
        }

        return (maximum, total);
    }

    /// <summary>e^x to 2 units in the last place: x = n·ln 2 + r, a polynomial for e^r, n into the exponent. Below −87, where
    /// float32 loses its normal numbers, 0; not a number stays one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector<float> Exp(Vector<float> x)
    {
        const float Round = 12582912f; // 1.5·2^23: adding it leaves the nearest integer in the low bits.
        var clamped = Vector.Min(Vector.Max(x, new Vector<float>(-87f)), new Vector<float>(88f));
        var shifted = Vector.MultiplyAddEstimate(clamped, new Vector<float>(1.44269504f), new Vector<float>(Round));
        var n = shifted - new Vector<float>(Round);
        var r = Vector.MultiplyAddEstimate(n, new Vector<float>(-0.693359375f), clamped);
        r = Vector.MultiplyAddEstimate(n, new Vector<float>(2.12194440e-4f), r);

        // Taylor up to r^6/720; |r| <= ln(2)/2 leaves an error of 1e-7.
        var p = Vector.MultiplyAddEstimate(r, new Vector<float>(1f / 720), new Vector<float>(1f / 120));
        p = Vector.MultiplyAddEstimate(p, r, new Vector<float>(1f / 24));
        p = Vector.MultiplyAddEstimate(p, r, new Vector<float>(1f / 6));
        p = Vector.MultiplyAddEstimate(p, r, new Vector<float>(0.5f));
        p = Vector.MultiplyAddEstimate(p, r, Vector<float>.One);
        p = Vector.MultiplyAddEstimate(p, r, Vector<float>.One);

        var exponent = Vector.ShiftLeft(Vector.AsVectorInt32(shifted) + new Vector<int>(127 - 0x4B400000), 23);
        var result = p * Vector.AsVectorSingle(exponent);
        result = Vector.ConditionalSelect(Vector.LessThan(x, new Vector<float>(-87f)), Vector<float>.Zero, result);
        return Vector.ConditionalSelect(Vector.Equals(x, x), result, x);
    }
}
