using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace OrleansContrastive.Learning.Negatives;

/// <summary>The inner loop of a matrix product: 6 x 16 results stay in twelve registers while the sum runs.</summary>
internal static unsafe class ProductKernel
{
    internal const int Rows = 6;
    internal const int Columns = 16;

    internal static bool IsSupported => Fma.IsSupported;

    /// <summary>c ← (add ? c : 0) + Σ_p a[row, p]·b[p, column], over 6 rows and 16 columns.</summary>
    /// <param name="a">Left factor; element (row, p) lies at row·<paramref name="aRow"/> + p·<paramref name="aStep"/>.</param>
    /// <param name="aRow">Distance of the rows of a.</param>
    /// <param name="aStep">Distance of the terms of a.</param>
    /// <param name="b">Right factor, 16 neighbours per term.</param>
    /// <param name="bStep">Distance of the terms of b.</param>
    /// <param name="c">Result, 16 neighbours per row.</param>
    /// <param name="cRow">Distance of the rows of c.</param>
    /// <param name="terms">Length of the sum.</param>
    /// <param name="add">Whether c counts.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Multiply(
        float* a, nint aRow, nint aStep, float* b, nint bStep, float* c, nint cRow, int terms, bool add)
    {
        Vector256<float> c00, c01, c10, c11, c20, c21, c30, c31, c40, c41, c50, c51;
        c00 = c01 = c10 = c11 = c20 = c21 = c30 = c31 = c40 = c41 = c50 = c51 = Vector256<float>.Zero;
        var a3 = a + 3 * aRow;
        for (var p = 0; p < terms; p++)
        {
            var (b0, b1) = (Vector256.Load(b), Vector256.Load(b + 8));
            var x = Avx.BroadcastScalarToVector256(a);
            c00 = Fma.MultiplyAdd(x, b0, c00);
            c01 = Fma.MultiplyAdd(x, b1, c01);
            x = Avx.BroadcastScalarToVector256(a + aRow);
            c10 = Fma.MultiplyAdd(x, b0, c10);
            c11 = Fma.MultiplyAdd(x, b1, c11);
            x = Avx.BroadcastScalarToVector256(a + 2 * aRow);
            c20 = Fma.MultiplyAdd(x, b0, c20);
            c21 = Fma.MultiplyAdd(x, b1, c21);
            x = Avx.BroadcastScalarToVector256(a3);
            c30 = Fma.MultiplyAdd(x, b0, c30);
            c31 = Fma.MultiplyAdd(x, b1, c31);
            x = Avx.BroadcastScalarToVector256(a3 + aRow);
            c40 = Fma.MultiplyAdd(x, b0, c40);
            c41 = Fma.MultiplyAdd(x, b1, c41);
            x = Avx.BroadcastScalarToVector256(a3 + 2 * aRow);
            c50 = Fma.MultiplyAdd(x, b0, c50);
            c51 = Fma.MultiplyAdd(x, b1, c51);
            a += aStep;
            a3 += aStep;
            b += bStep;
        }

        Store(c, c00, c01, add);
        Store(c + cRow, c10, c11, add);
        Store(c + 2 * cRow, c20, c21, add);
        Store(c + 3 * cRow, c30, c31, add);
        Store(c + 4 * cRow, c40, c41, add);
        Store(c + 5 * cRow, c50, c51, add);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(float* c, Vector256<float> left, Vector256<float> right, bool add)
    {
        if (add)
        {
            left += Vector256.Load(c);
            right += Vector256.Load(c + 8);
        }

        left.Store(c);
        right.Store(c + 8);
    }
}
