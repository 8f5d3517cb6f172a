using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace OrleansContrastive.Learning.Optimizers;

/// <summary>
/// Gradients and weights in bfloat16, the upper half of a binary32: half the bytes on the wire. Rounds to nearest, ties to
/// even; what is not a number stays so.
/// </summary>
/// <remarks>Vectors and remainder give the same bits. Thread-safe: no state.</remarks>
public static class BrainFloat
{
    /// <summary>Bytes of one element.</summary>
    public const int Size = sizeof(ushort);

    /// <summary>Rounds to bfloat16.</summary>
    /// <param name="values">Float32 values.</param>
    /// <param name="packed">Receives as many bfloat16 values.</param>
    /// <exception cref="ArgumentException">The spans differ in length.</exception>
    public static void Pack(ReadOnlySpan<float> values, Span<ushort> packed)
    {
        RequireLength(nameof(packed), packed.Length, values.Length);
        ref var source = ref MemoryMarshal.GetReference(values);
        ref var target = ref MemoryMarshal.GetReference(packed);
        var i = 0;
        for (; i <= values.Length - Vector<ushort>.Count; i += Vector<ushort>.Count)
        {
            var low = Round(Vector.LoadUnsafe(ref source, (nuint)i));
            var high = Round(Vector.LoadUnsafe(ref source, (nuint)(i + Vector<float>.Count)));
            Vector.StoreUnsafe(Vector.Narrow(low, high), ref target, (nuint)i);
        }

        for (; i < values.Length; i++) packed[i] = Round(values[i]);
    }

    /// <summary>Widens to float32, which is exact.</summary>
    /// <param name="packed">bfloat16 values.</param>
    /// <param name="values">Receives as many float32 values.</param>
    /// <exception cref="ArgumentException">The spans differ in length.</exception>
    public static void Unpack(ReadOnlySpan<ushort> packed, Span<float> values)
    {
        RequireLength(nameof(values), values.Length, packed.Length);
        ref var source = ref MemoryMarshal.GetReference(packed);
        ref var target = ref MemoryMarshal.GetReference(values);
        var i = 0;
        for (; i <= packed.Length - Vector<ushort>.Count; i += Vector<ushort>.Count)
        {
            Vector.Widen(Vector.LoadUnsafe(ref source, (nuint)i), out var low, out var high);
            Vector.StoreUnsafe(Vector.AsVectorSingle(Vector.ShiftLeft(low, 16)), ref target, (nuint)i);
            Vector.StoreUnsafe(Vector.AsVectorSingle(Vector.ShiftLeft(high, 16)), ref target, (nuint)(i + Vector<float>.Count));
        }

        for (; i < packed.Length; i++) values[i] = Widen(packed[i]);
    }

    /// <summary>
    /// Rounds values plus what earlier roundings left over, and keeps what this one leaves over (error feedback, Karimireddy
    /// et al. 2019, algorithm 2): over the steps nothing is lost, only late.
    /// </summary>
    /// <param name="values">Float32 values.</param>
    /// <param name="residual">What was left over before.</param>
    /// <param name="nextResidual">Receives what is left over now; may be <paramref name="residual"/>.</param>
    /// <param name="packed">Receives the bfloat16 values.</param>
    /// <exception cref="ArgumentException">The spans differ in length.</exception>
    public static void PackWithFeedback(
        ReadOnlySpan<float> values, ReadOnlySpan<float> residual, Span<float> nextResidual, Span<ushort> packed)
    {
        RequireLength(nameof(residual), residual.Length, values.Length);
        RequireLength(nameof(nextResidual), nextResidual.Length, values.Length);
        RequireLength(nameof(packed), packed.Length, values.Length);
        ref var source = ref MemoryMarshal.GetReference(values);
        ref var old = ref MemoryMarshal.GetReference(residual);
        ref var left = ref MemoryMarshal.GetReference(nextResidual);
        ref var target = ref MemoryMarshal.GetReference(packed);
        var i = 0;
        for (; i <= values.Length - Vector<ushort>.Count; i += Vector<ushort>.Count)
        {
            var (first, second) = ((nuint)i, (nuint)(i + Vector<float>.Count));
            var low = Vector.LoadUnsafe(ref source, first) + Vector.LoadUnsafe(ref old, first);
            var high = Vector.LoadUnsafe(ref source, second) + Vector.LoadUnsafe(ref old, second);
            var (lowBits, highBits) = (Round(low), Round(high));
            Vector.StoreUnsafe(low - Vector.AsVectorSingle(Vector.ShiftLeft(lowBits, 16)), ref left, first);
            Vector.StoreUnsafe(high - Vector.AsVectorSingle(Vector.ShiftLeft(highBits, 16)), ref left, second);
            Vector.StoreUnsafe(Vector.Narrow(lowBits, highBits), ref target, first);
        }

        for (; i < values.Length; i++)
        {
            var sum = values[i] + residual[i];
            packed[i] = Round(sum);
            nextResidual[i] = sum - Widen(packed[i]);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector<uint> Round(Vector<float> values)
    {
        var bits = Vector.AsVectorUInt32(values);
        var odd = Vector.ShiftRightLogical(bits, 16) & Vector<uint>.One;
        var rounded = Vector.ShiftRightLogical(bits + new Vector<uint>(0x7FFF) + odd, 16);
        // Rounding could carry a NaN's payload over into infinity or into the sign.
        return Vector.ConditionalSelect(Vector.AsVectorUInt32(Vector.Equals(values, values)), rounded, new Vector<uint>(0x7FC0));
    }

    private static ushort Round(float value)
    {
        if (float.IsNaN(value)) return 0x7FC0;
        var bits = BitConverter.SingleToUInt32Bits(value);
        return (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
    }

    private static float Widen(ushort packed) => BitConverter.UInt32BitsToSingle((uint)packed << 16);

    private static void RequireLength(string name, int found, int expected)
    {
        if (found != expected) throw new ArgumentException($"{name} has {found} elements; expected {expected}.", name);
    }
}
