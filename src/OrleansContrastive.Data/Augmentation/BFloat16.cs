using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace OrleansContrastive.Data.Augmentation;

/// <summary>The upper halves of single-precision numbers.</summary>
internal static class BFloat16
{
    /// <summary>Rounds to nearest, ties to even. The values are finite.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Round(ReadOnlySpan<float> values, Span<ushort> rounded)
    {
        ref var from = ref MemoryMarshal.GetReference(values);
        ref var to = ref MemoryMarshal.GetReference(rounded);
        nuint i = 0;
        for (; i + 16 <= (nuint)values.Length; i += 16)
        {
            var low = Round(Vector256.LoadUnsafe(ref from, i).AsUInt32());
            var high = Round(Vector256.LoadUnsafe(ref from, i + 8).AsUInt32());
            Vector256.Narrow(low, high).StoreUnsafe(ref to, i);
        }

        for (; i < (nuint)values.Length; i++)
        {
            var bits = BitConverter.SingleToUInt32Bits(values[(int)i]);
            rounded[(int)i] = (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
        }
    }

    // Half a unit of the last place that stays, less the smallest amount where that place is even.
    private static Vector256<uint> Round(Vector256<uint> bits) =>
        (bits + Vector256.Create(0x7FFFu) + ((bits >> 16) & Vector256<uint>.One)) >> 16;
}
