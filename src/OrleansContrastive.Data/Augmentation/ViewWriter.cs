using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace OrleansContrastive.Data.Augmentation;

/// <summary>Normalizes finished rows and writes them in a view's layout and precision. Not thread-safe.</summary>
internal sealed class ViewWriter
{
    private readonly int _size;
    private readonly int _channels;
    private readonly bool _interleaved;
    private readonly bool _bfloat16;
    private readonly float[] _scales;
    private readonly float[] _offsets;
    private readonly float[] _normalized;
    private readonly float[] _pixels;

    /// <summary>Prepares for views of one shape.</summary>
    public ViewWriter(AugmentationRecipe recipe, int channels, int rowStride, ViewLayout layout, ViewPrecision precision)
    {
        _size = recipe.Size;
        _channels = channels;
        _interleaved = layout == ViewLayout.Nhwc && channels > 1;
        _bfloat16 = precision == ViewPrecision.BFloat16;
        _scales = new float[channels];
        _offsets = new float[channels];
        for (var channel = 0; channel < channels; channel++)
        {
            // (v - mean) / std as one multiplication and addition.
            var std = (double)recipe.Std[recipe.Std.Length == 1 ? 0 : channel];
            var mean = recipe.Mean[recipe.Mean.Length == 1 ? 0 : channel];
            _scales[channel] = (float)(1 / std);
            _offsets[channel] = (float)(-mean / std);
        }

        _normalized = new float[_bfloat16 && !_interleaved ? rowStride : 0];
        _pixels = new float[_interleaved ? channels * rowStride : 0];
    }

    /// <summary>Writes one row of a view of three channels.</summary>
    /// <param name="red">The row's red plane, a multiple of eight floats at least as long as the row.</param>
    /// <param name="green">Its green plane.</param>
    /// <param name="blue">Its blue plane.</param>
    /// <param name="row">The row's number.</param>
    /// <param name="view">The whole view.</param>
    public void Write(
        ReadOnlySpan<float> red, ReadOnlySpan<float> green, ReadOnlySpan<float> blue, int row, Span<byte> view)
    {
        if (_interleaved)
        {
            Interleave(red, green, blue);
            Store(_pixels.AsSpan(0, 3 * _size), view, row * 3 * _size);
            return;
        }

        WritePlane(red, 0, row, view);
        WritePlane(green, 1, row, view);
        WritePlane(blue, 2, row, view);
    }

    /// <summary>Writes one row of a view of which all channels are equal.</summary>
    public void Write(ReadOnlySpan<float> gray, int row, Span<byte> view)
    {
        if (_channels == 3)
            Write(gray, gray, gray, row, view);
        else
            WritePlane(gray, 0, row, view);
    }

    private void WritePlane(ReadOnlySpan<float> plane, int channel, int row, Span<byte> view)
    {
        var first = ((channel * _size) + row) * _size;
        var (scale, offset) = (_scales[channel], _offsets[channel]);
        if (_bfloat16)
        {
            Normalize(plane[.._size], _normalized, scale, offset);
            Store(_normalized.AsSpan(0, _size), view, first);
        }
        else
        {
            Normalize(plane[.._size], MemoryMarshal.Cast<byte, float>(view).Slice(first, _size), scale, offset);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Normalize(ReadOnlySpan<float> from, Span<float> to, float scale, float offset)
    {
        ref var values = ref MemoryMarshal.GetReference(from);
        ref var results = ref MemoryMarshal.GetReference(to);
        var scales = Vector256.Create(scale);
        var offsets = Vector256.Create(offset);
        nuint i = 0;
        for (; i + 8 <= (nuint)from.Length; i += 8)
            Vector256.FusedMultiplyAdd(Vector256.LoadUnsafe(ref values, i), scales, offsets).StoreUnsafe(ref results, i);
        for (; i < (nuint)from.Length; i++) to[(int)i] = MathF.FusedMultiplyAdd(from[(int)i], scale, offset);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Interleave(ReadOnlySpan<float> red, ReadOnlySpan<float> green, ReadOnlySpan<float> blue)
    {
        ref var reds = ref MemoryMarshal.GetReference(red);
        ref var greens = ref MemoryMarshal.GetReference(green);
        ref var blues = ref MemoryMarshal.GetReference(blue);
        ref var pixels = ref MemoryMarshal.GetArrayDataReference(_pixels);
        for (nuint x = 0; x < (nuint)red.Length; x += 8)
        {
            Planes.Interleave(
                Normalized(ref reds, x, 0), Normalized(ref greens, x, 1), Normalized(ref blues, x, 2), ref pixels, 3 * x);
        }
    }

    private Vector256<float> Normalized(ref float values, nuint x, int channel) =>
        Vector256.FusedMultiplyAdd(
            Vector256.LoadUnsafe(ref values, x), Vector256.Create(_scales[channel]), Vector256.Create(_offsets[channel]));

    private void Store(ReadOnlySpan<float> values, Span<byte> view, int first)
    {
        if (_bfloat16)
            BFloat16.Round(values, MemoryMarshal.Cast<byte, ushort>(view).Slice(first, values.Length));
        else
            values.CopyTo(MemoryMarshal.Cast<byte, float>(view)[first..]);
    }
}
