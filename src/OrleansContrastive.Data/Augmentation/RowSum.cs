using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace OrleansContrastive.Data.Augmentation;

/// <summary>Weighted sums of runs of floats that lie in one buffer: the inner loop of resizing and blurring.</summary>
internal static class RowSum
{
    /// <summary>Computes <c>target[x] = Σ weights[t] · buffer[offsets[t] + x]</c>.</summary>
    /// <param name="buffer">Holds all runs.</param>
    /// <param name="offsets">Where each run starts.</param>
    /// <param name="weights">As many weights.</param>
    /// <param name="target">The sums, a multiple of eight.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Compute(
        ReadOnlySpan<float> buffer, ReadOnlySpan<int> offsets, ReadOnlySpan<float> weights, Span<float> target)
    {
        ref var from = ref MemoryMarshal.GetReference(buffer);
        ref var to = ref MemoryMarshal.GetReference(target);
        nuint x = 0;

        // Four sums at a time hide the latency of the multiply-add and share each weight.
        for (; x + 32 <= (nuint)target.Length; x += 32)
        {
            Vector256<float> a = default, b = default, c = default, d = default;
            for (var tap = 0; tap < weights.Length; tap++)
            {
                ref var run = ref Unsafe.Add(ref from, (nuint)(uint)offsets[tap] + x);
                var weight = Vector256.Create(weights[tap]);
                a = Vector256.FusedMultiplyAdd(Vector256.LoadUnsafe(ref run), weight, a);
                b = Vector256.FusedMultiplyAdd(Vector256.LoadUnsafe(ref run, 8), weight, b);
                c = Vector256.FusedMultiplyAdd(Vector256.LoadUnsafe(ref run, 16), weight, c);
                d = Vector256.FusedMultiplyAdd(Vector256.LoadUnsafe(ref run, 24), weight, d);
            }

            a.StoreUnsafe(ref to, x);
            b.StoreUnsafe(ref to, x + 8);
            c.StoreUnsafe(ref to, x + 16);
            d.StoreUnsafe(ref to, x + 24);
        }

        for (; x < (nuint)target.Length; x += 8)
        {
            var sum = Vector256<float>.Zero;
            for (var tap = 0; tap < weights.Length; tap++)
            {
                var run = Vector256.LoadUnsafe(ref from, (nuint)(uint)offsets[tap] + x);
                sum = Vector256.FusedMultiplyAdd(run, Vector256.Create(weights[tap]), sum);
            }

            sum.StoreUnsafe(ref to, x);
        }
    }
}
