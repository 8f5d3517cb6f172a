using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace OrleansContrastive.Data.Augmentation;

/// <summary>
/// torchvision's colour operations on planes of floats in [0, 1], in place. Every plane's length is a multiple of eight.
/// Fused multiply-add is asked for by name, so that results do not depend on the processor. Here and in the other inner
/// loops, optimisation does not wait for the runtime to notice: on a busy machine that takes the first thousands of views.
/// </summary>
internal static class ColorKernels
{
    // ITU-R BT.601 luma, as torchvision rounds it.
    private const float RedPart = 0.2989f;
    private const float GreenPart = 0.587f;
    private const float BluePart = 0.114f;

    /// <summary>Brightness, and contrast where the offset is (1 − factor) · mean: <c>clamp(v · factor + offset)</c>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Blend(Span<float> plane, float factor, float offset)
    {
        ref var values = ref MemoryMarshal.GetReference(plane);
        var factors = Vector256.Create(factor);
        var offsets = Vector256.Create(offset);
        for (nuint i = 0; i < (nuint)plane.Length; i += 8)
        {
            var value = Vector256.LoadUnsafe(ref values, i);
            Clamp(Vector256.FusedMultiplyAdd(value, factors, offsets)).StoreUnsafe(ref values, i);
        }
    }

    /// <summary>Saturation: each pixel is blended with its grey.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Saturate(Span<float> red, Span<float> green, Span<float> blue, float factor)
    {
        ref var reds = ref MemoryMarshal.GetReference(red);
        ref var greens = ref MemoryMarshal.GetReference(green);
        ref var blues = ref MemoryMarshal.GetReference(blue);
        var factors = Vector256.Create(factor);
        var grayPart = Vector256.Create(1 - factor);
        for (nuint i = 0; i < (nuint)red.Length; i += 8)
        {
            var r = Vector256.LoadUnsafe(ref reds, i);
            var g = Vector256.LoadUnsafe(ref greens, i);
            var b = Vector256.LoadUnsafe(ref blues, i);
            var gray = Luma(r, g, b) * grayPart;
            Clamp(Vector256.FusedMultiplyAdd(r, factors, gray)).StoreUnsafe(ref reds, i);
            Clamp(Vector256.FusedMultiplyAdd(g, factors, gray)).StoreUnsafe(ref greens, i);
            Clamp(Vector256.FusedMultiplyAdd(b, factors, gray)).StoreUnsafe(ref blues, i);
        }
    }

    /// <summary>
    /// Hue: turns the colour circle by a part of a turn. The way to hue, saturation, value and back keeps a pixel's greatest
    /// and least value, so only the hue in sextants and the way back are computed.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void ShiftHue(Span<float> red, Span<float> green, Span<float> blue, float turns)
    {
        ref var reds = ref MemoryMarshal.GetReference(red);
        ref var greens = ref MemoryMarshal.GetReference(green);
        ref var blues = ref MemoryMarshal.GetReference(blue);
        var one = Vector256<float>.One;
        var two = Vector256.Create(2f);
        var three = Vector256.Create(3f);
        var four = Vector256.Create(4f);
        var six = Vector256.Create(6f);
        var perCircle = Vector256.Create(1 / 6f);
        var shift = Vector256.Create(6 * turns);
        for (nuint i = 0; i < (nuint)red.Length; i += 8)
        {
            var r = Vector256.LoadUnsafe(ref reds, i);
            var g = Vector256.LoadUnsafe(ref greens, i);
            var b = Vector256.LoadUnsafe(ref blues, i);
            var greatest = Vector256.MaxNative(r, Vector256.MaxNative(g, b));
            var least = Vector256.MinNative(r, Vector256.MinNative(g, b));
            var range = greatest - least;

            // Where the range is 0 the hue does not matter: the result is the least value again.
            var redLeads = Vector256.Equals(r, greatest);
            var greenLeads = Vector256.Equals(g, greatest);
            var difference = Vector256.ConditionalSelect(
                redLeads, g - b, Vector256.ConditionalSelect(greenLeads, b - r, r - g));
            var sextant = Vector256.AndNot(Vector256.ConditionalSelect(greenLeads, two, four), redLeads);
            var divisor = Vector256.MaxNative(range, Vector256.Create(1e-20f));
            var hue = (difference / divisor) + (sextant + shift);
            hue = Vector256.FusedMultiplyAdd(Vector256.Floor(hue * perCircle), -six, hue);

            var redPart = Clamp(Vector256.Abs(hue - three) - one);
            var greenPart = Clamp(two - Vector256.Abs(hue - two));
            var bluePart = Clamp(two - Vector256.Abs(hue - four));
            Vector256.FusedMultiplyAdd(range, redPart, least).StoreUnsafe(ref reds, i);
            Vector256.FusedMultiplyAdd(range, greenPart, least).StoreUnsafe(ref greens, i);
            Vector256.FusedMultiplyAdd(range, bluePart, least).StoreUnsafe(ref blues, i);
        }
    }

    /// <summary>Puts the grey of three planes into the first.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Desaturate(Span<float> red, ReadOnlySpan<float> green, ReadOnlySpan<float> blue)
    {
        ref var reds = ref MemoryMarshal.GetReference(red);
        ref var greens = ref MemoryMarshal.GetReference(green);
        ref var blues = ref MemoryMarshal.GetReference(blue);
        for (nuint i = 0; i < (nuint)red.Length; i += 8)
        {
            var gray = Luma(
                Vector256.LoadUnsafe(ref reds, i), Vector256.LoadUnsafe(ref greens, i), Vector256.LoadUnsafe(ref blues, i));
            gray.StoreUnsafe(ref reds, i);
        }
    }

    /// <summary>Inverts values at or above the threshold.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Solarize(Span<float> plane, float threshold)
    {
        ref var values = ref MemoryMarshal.GetReference(plane);
        var thresholds = Vector256.Create(threshold);
        for (nuint i = 0; i < (nuint)plane.Length; i += 8)
        {
            var value = Vector256.LoadUnsafe(ref values, i);
            var inverts = Vector256.GreaterThanOrEqual(value, thresholds);
            Vector256.ConditionalSelect(inverts, Vector256<float>.One - value, value).StoreUnsafe(ref values, i);
        }
    }

    /// <summary>The sum over one plane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static double Sum(ReadOnlySpan<float> plane)
    {
        ref var values = ref MemoryMarshal.GetReference(plane);
        var sum = Vector256<float>.Zero;
        for (nuint i = 0; i < (nuint)plane.Length; i += 8) sum += Vector256.LoadUnsafe(ref values, i);
        return Total(sum);
    }

    /// <summary>The sum of the grey of three planes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static double SumLuma(ReadOnlySpan<float> red, ReadOnlySpan<float> green, ReadOnlySpan<float> blue)
    {
        ref var reds = ref MemoryMarshal.GetReference(red);
        ref var greens = ref MemoryMarshal.GetReference(green);
        ref var blues = ref MemoryMarshal.GetReference(blue);
        var sum = Vector256<float>.Zero;
        for (nuint i = 0; i < (nuint)red.Length; i += 8)
        {
            sum += Luma(
                Vector256.LoadUnsafe(ref reds, i), Vector256.LoadUnsafe(ref greens, i), Vector256.LoadUnsafe(ref blues, i));
        }

        return Total(sum);
    }

    /// <summary>Limits values to [0, 1].</summary>
    private static Vector256<float> Clamp(Vector256<float> value) =>
        Vector256.MinNative(Vector256.MaxNative(value, Vector256<float>.Zero), Vector256<float>.One);

    private static Vector256<float> Luma(Vector256<float> red, Vector256<float> green, Vector256<float> blue)
    {
        var gray = red * Vector256.Create(RedPart);
        gray = Vector256.FusedMultiplyAdd(green, Vector256.Create(GreenPart), gray);
        return Vector256.FusedMultiplyAdd(blue, Vector256.Create(BluePart), gray);
    }

    // A fixed order of addition, whatever the processor.
    private static double Total(Vector256<float> sum)
    {
        double total = 0;
        for (var lane = 0; lane < 8; lane++) total += sum[lane];
        return total;
    }
}
