using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace OrleansContrastive.Learning.Encoders;

/// <summary>How numbers that are computed with as <typeparamref name="T"/> lie in memory.</summary>
internal unsafe interface IStorage<T> where T : unmanaged
{
    /// <summary>The bytes of a number.</summary>
    static abstract int Size { get; }

    /// <summary>A vector of numbers from element <paramref name="at"/> on.</summary>
    static abstract Vector<T> Load(byte* memory, long at);

    /// <summary>Writes a vector of numbers from element <paramref name="at"/> on.</summary>
    static abstract void Store(Vector<T> values, byte* memory, long at);

    /// <summary>One number.</summary>
    static abstract T Read(byte* memory, long at);
}

/// <summary>Numbers that lie in memory as they are computed with.</summary>
internal readonly unsafe struct Plain<T> : IStorage<T> where T : unmanaged
{
    public static int Size => sizeof(T);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector<T> Load(byte* memory, long at) => Vector.Load((T*)memory + at);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector<T> values, byte* memory, long at) => Vector.Store(values, (T*)memory + at);

    public static T Read(byte* memory, long at) => ((T*)memory)[at];
}

/// <summary>
/// bfloat16: the upper half of a single-precision number, rounded to nearest even as libtorch does.
/// </summary>
internal readonly unsafe struct BrainFloat : IStorage<float>
{
    public static int Size => sizeof(ushort);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector<float> Load(byte* memory, long at)
    {
        var halves = (ushort*)memory + at;
        if (Vector<float>.Count == Vector256<float>.Count)
        {
            var (lower, upper) = Vector128.Widen(Vector128.Load(halves));
            return Vector256.ShiftLeft(Vector256.Create(lower, upper), 16).AsSingle().AsVector();
        }

        float* wide = stackalloc float[Vector<float>.Count];
        for (var i = 0; i < Vector<float>.Count; i++) wide[i] = Widen(halves[i]);
        return Vector.Load(wide);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector<float> values, byte* memory, long at)
    {
        var halves = (ushort*)memory + at;
        if (Vector<float>.Count == Vector256<float>.Count)
        {
            var wide = values.AsVector256();
            var bits = wide.AsUInt32();
            var even = (bits >>> 16) & Vector256<uint>.One;
            var rounded = (bits + even + Vector256.Create(0x7FFFu)) >>> 16;

            // Rounding could carry a NaN over into a number.
            var number = Vector256.Equals(wide, wide).AsUInt32();
            var chosen = Vector256.ConditionalSelect(number, rounded, Vector256.Create(0x7FC0u));
            Vector128.Narrow(chosen.GetLower(), chosen.GetUpper()).Store(halves);
            return;
        }

        for (var i = 0; i < Vector<float>.Count; i++) halves[i] = Narrow(values[i]);
    }

    public static float Read(byte* memory, long at) => Widen(((ushort*)memory)[at]);

    private static float Widen(ushort half) => BitConverter.UInt32BitsToSingle((uint)half << 16);

    private static ushort Narrow(float value)
    {
        var bits = BitConverter.SingleToUInt32Bits(value);
        return float.IsNaN(value) ? (ushort)0x7FC0 : (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
    }
}
