using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace OrleansContrastive.Data.Augmentation;

/// <summary>Moves between interleaved pixels and planes, eight pixels a time.</summary>
internal static class Planes
{
    /// <summary>Makes three planes of eight pixels of which vector i holds pixels i and i + 4 as (r, g, b, anything).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Transpose(
        Vector256<float> p0, Vector256<float> p1, Vector256<float> p2, Vector256<float> p3,
        out Vector256<float> red, out Vector256<float> green, out Vector256<float> blue)
    {
        if (Avx.IsSupported)
        {
            var redGreen01 = Avx.UnpackLow(p0, p1);
            var redGreen23 = Avx.UnpackLow(p2, p3);
            red = Avx.Shuffle(redGreen01, redGreen23, 0b01_00_01_00);
            green = Avx.Shuffle(redGreen01, redGreen23, 0b11_10_11_10);
            blue = Avx.Shuffle(Avx.UnpackHigh(p0, p1), Avx.UnpackHigh(p2, p3), 0b01_00_01_00);
            return;
        }

        red = Vector256.Create(p0[0], p1[0], p2[0], p3[0], p0[4], p1[4], p2[4], p3[4]);
        green = Vector256.Create(p0[1], p1[1], p2[1], p3[1], p0[5], p1[5], p2[5], p3[5]);
        blue = Vector256.Create(p0[2], p1[2], p2[2], p3[2], p0[6], p1[6], p2[6], p3[6]);
    }

    /// <summary>Interleaves eight pixels of three planes to 24 values.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Interleave(
        Vector256<float> red, Vector256<float> green, Vector256<float> blue, ref float to, nuint offset)
    {
        // Each result takes every third lane from one plane; lanes that another plane fills are don't-cares.
        var takesFirst = Vector256.Create(-1, 0, 0, -1, 0, 0, -1, 0).AsSingle();
        var takesSecond = Vector256.Create(0, -1, 0, 0, -1, 0, 0, -1).AsSingle();

        var first = Vector256.ConditionalSelect(
            takesFirst,
            Vector256.Shuffle(red, Vector256.Create(0, 0, 0, 1, 1, 1, 2, 2)),
            Vector256.ConditionalSelect(
                takesSecond,
                Vector256.Shuffle(green, Vector256.Create(0, 0, 0, 1, 1, 1, 2, 2)),
                Vector256.Shuffle(blue, Vector256.Create(0, 0, 0, 1, 1, 1, 2, 2))));
        var second = Vector256.ConditionalSelect(
            takesFirst,
            Vector256.Shuffle(blue, Vector256.Create(2, 2, 2, 3, 3, 3, 4, 4)),
            Vector256.ConditionalSelect(
                takesSecond,
                Vector256.Shuffle(red, Vector256.Create(3, 3, 3, 4, 4, 4, 5, 5)),
                Vector256.Shuffle(green, Vector256.Create(3, 3, 3, 4, 4, 4, 5, 5))));
        var third = Vector256.ConditionalSelect(
            takesFirst,
            Vector256.Shuffle(green, Vector256.Create(5, 5, 5, 6, 6, 6, 7, 7)),
            Vector256.ConditionalSelect(
                takesSecond,
                Vector256.Shuffle(blue, Vector256.Create(5, 5, 5, 6, 6, 6, 7, 7)),
                Vector256.Shuffle(red, Vector256.Create(6, 6, 6, 6, 6, 7, 7, 7))));
        first.StoreUnsafe(ref to, offset);
        second.StoreUnsafe(ref to, offset + 8);
        third.StoreUnsafe(ref to, offset + 16);
    }
}
