using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace OrleansContrastive.Data.Augmentation;

/// <summary>
/// Resizes a box of an 8-bit image to planes of floats in [0, 1], row by row: each source row is shrunk or stretched once
/// into a small ring, and the ring's rows are blended. Reused; allocates only to grow. Not thread-safe.
/// </summary>
internal sealed class CropResizer(int channels, int rowStride)
{
    private readonly ResampleWeights _columns = new();
    private readonly ResampleWeights _rows = new();
    private float[] _columnTable = [];
    private float[] _sourceRow = [];
    private float[] _ring = [];
    private int[] _offsets = [];
    private int _imageStride;
    private int _firstByte;
    private int _sourceWidth;
    private int _nextSourceRow;
    private int _nextRow;

    /// <summary>Starts at the top of a view.</summary>
    /// <param name="imageWidth">The image's width, in pixels.</param>
    /// <param name="x">The box's left column.</param>
    /// <param name="y">The box's top row.</param>
    /// <param name="width">The box's width.</param>
    /// <param name="height">The box's height.</param>
    /// <param name="targetWidth">The width to which the box is resized.</param>
    /// <param name="targetHeight">The height to which the box is resized.</param>
    /// <param name="targetX">The first of the resized columns that is wanted.</param>
    /// <param name="targetY">The first of the resized rows that is wanted.</param>
    /// <param name="size">The columns and rows that are wanted.</param>
    /// <param name="flip">Whether rows come mirrored.</param>
    public void Begin(
        int imageWidth, int x, int y, int width, int height, int targetWidth, int targetHeight, int targetX, int targetY,
        int size, bool flip)
    {
        _columns.Prepare(width, targetWidth, targetX, size, flip, gain: 1);
        _rows.Prepare(height, targetHeight, targetY, size, reversed: false, gain: 1.0 / byte.MaxValue);
        _imageStride = imageWidth * channels;
        _firstByte = (y * _imageStride) + (x * channels);
        _sourceWidth = width;
        _nextSourceRow = 0;
        _nextRow = 0;
        FillColumnTable();

        // A tap reads four floats where a pixel has three.
        Grow(ref _sourceRow, (width * channels) + 1);
        Grow(ref _ring, _rows.Taps * channels * rowStride);
        Grow(ref _offsets, _rows.Taps);
    }

    /// <summary>Computes the next rows of the view.</summary>
    /// <param name="pixels">The image, HWC.</param>
    /// <param name="count">How many rows.</param>
    /// <param name="planes">Receives them, one plane after the other; columns beyond the view's width become 0.</param>
    /// <param name="firstValue">Where the first row goes within its plane.</param>
    /// <param name="planeLength">Floats from one plane to the next.</param>
    public void Next(ReadOnlySpan<byte> pixels, int count, Span<float> planes, int firstValue, int planeLength)
    {
        var taps = _rows.Taps;
        for (var i = 0; i < count; i++, _nextRow++)
        {
            var start = _rows.Starts[_nextRow];
            _nextSourceRow = Math.Max(_nextSourceRow, start);
            for (; _nextSourceRow < start + taps; _nextSourceRow++) ResampleRow(pixels, _nextSourceRow);

            var weights = _rows.Weights.Slice(_nextRow * taps, taps);
            for (var channel = 0; channel < channels; channel++)
            {
                for (var tap = 0; tap < taps; tap++) _offsets[tap] = RingOffset((start + tap) % taps, channel);
                var target = planes.Slice((channel * planeLength) + firstValue + (i * rowStride), rowStride);
                RowSum.Compute(_ring, _offsets.AsSpan(0, taps), weights, target);
            }
        }
    }

    private int RingOffset(int slot, int channel) => ((slot * channels) + channel) * rowStride;

    private void ResampleRow(ReadOnlySpan<byte> pixels, int row)
    {
        var bytes = pixels.Slice(_firstByte + (row * _imageStride), _sourceWidth * channels);
        Widen(bytes, _sourceRow);
        var slot = row % _rows.Taps;
        var target = _ring.AsSpan(RingOffset(slot, 0), channels * rowStride);
        if (channels == 3)
            ResampleColour(target);
        else
            ResampleGrey(target);
    }

    // Eight pixels a turn: pixels i and i + 4 share a vector as (r, g, b, -), and a 4x4 transposition makes planes of them.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void ResampleColour(Span<float> target)
    {
        var taps = _columns.Taps;
        ref var source = ref MemoryMarshal.GetArrayDataReference(_sourceRow);
        ref var table = ref MemoryMarshal.GetArrayDataReference(_columnTable);
        ref var to = ref MemoryMarshal.GetReference(target);
        var starts = _columns.Starts;
        for (var x = 0; x < rowStride; x += 8)
        {
            ref var s0 = ref Unsafe.Add(ref source, 3 * Start(starts, x));
            ref var s1 = ref Unsafe.Add(ref source, 3 * Start(starts, x + 1));
            ref var s2 = ref Unsafe.Add(ref source, 3 * Start(starts, x + 2));
            ref var s3 = ref Unsafe.Add(ref source, 3 * Start(starts, x + 3));
            ref var s4 = ref Unsafe.Add(ref source, 3 * Start(starts, x + 4));
            ref var s5 = ref Unsafe.Add(ref source, 3 * Start(starts, x + 5));
            ref var s6 = ref Unsafe.Add(ref source, 3 * Start(starts, x + 6));
            ref var s7 = ref Unsafe.Add(ref source, 3 * Start(starts, x + 7));
            var p0 = Vector256<float>.Zero;
            var p1 = Vector256<float>.Zero;
            var p2 = Vector256<float>.Zero;
            var p3 = Vector256<float>.Zero;
            for (nuint tap = 0; tap < (nuint)taps; tap++)
            {
                p0 = Vector256.FusedMultiplyAdd(Pair(ref s0, ref s4, 3 * tap), Vector256.LoadUnsafe(ref table), p0);
                p1 = Vector256.FusedMultiplyAdd(Pair(ref s1, ref s5, 3 * tap), Vector256.LoadUnsafe(ref table, 8), p1);
                p2 = Vector256.FusedMultiplyAdd(Pair(ref s2, ref s6, 3 * tap), Vector256.LoadUnsafe(ref table, 16), p2);
                p3 = Vector256.FusedMultiplyAdd(Pair(ref s3, ref s7, 3 * tap), Vector256.LoadUnsafe(ref table, 24), p3);
                table = ref Unsafe.Add(ref table, 32);
            }

            Planes.Transpose(p0, p1, p2, p3, out var red, out var green, out var blue);
            red.StoreUnsafe(ref to, (nuint)x);
            green.StoreUnsafe(ref to, (nuint)(x + rowStride));
            blue.StoreUnsafe(ref to, (nuint)(x + (2 * rowStride)));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void ResampleGrey(Span<float> target)
    {
        var taps = _columns.Taps;
        ref var source = ref MemoryMarshal.GetArrayDataReference(_sourceRow);
        ref var table = ref MemoryMarshal.GetArrayDataReference(_columnTable);
        ref var to = ref MemoryMarshal.GetReference(target);
        var starts = _columns.Starts;
        for (var x = 0; x < rowStride; x += 8)
        {
            var sum = Vector256<float>.Zero;
            for (var tap = 0; tap < taps; tap++)
            {
                ref var from = ref Unsafe.Add(ref source, tap);
                var values = Vector256.Create(
                    Unsafe.Add(ref from, Start(starts, x)), Unsafe.Add(ref from, Start(starts, x + 1)),
                    Unsafe.Add(ref from, Start(starts, x + 2)), Unsafe.Add(ref from, Start(starts, x + 3)),
                    Unsafe.Add(ref from, Start(starts, x + 4)), Unsafe.Add(ref from, Start(starts, x + 5)),
                    Unsafe.Add(ref from, Start(starts, x + 6)), Unsafe.Add(ref from, Start(starts, x + 7)));
                sum = Vector256.FusedMultiplyAdd(values, Vector256.LoadUnsafe(ref table), sum);
                table = ref Unsafe.Add(ref table, 8);
            }

            sum.StoreUnsafe(ref to, (nuint)x);
        }
    }

    // Columns beyond the view read the first pixel with weight 0.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Start(ReadOnlySpan<int> starts, int x) => (uint)x < (uint)starts.Length ? starts[x] : 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Pair(ref float low, ref float high, nuint offset) =>
        Vector256.Create(Vector128.LoadUnsafe(ref low, offset), Vector128.LoadUnsafe(ref high, offset));

    // The weights in the order in which the loops above read them: for each group of eight columns and each tap, four
    // vectors for the pairs of pixels (colour), or one (grey).
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void FillColumnTable()
    {
        var taps = _columns.Taps;
        var weights = _columns.Weights;
        var step = channels == 3 ? 32 : 8;
        Grow(ref _columnTable, rowStride / 8 * taps * step);
        ref var table = ref MemoryMarshal.GetArrayDataReference(_columnTable);
        for (var x = 0; x < rowStride; x++)
        {
            var lane = x % 8;
            ref var place = ref Unsafe.Add(
                ref table, (x / 8 * taps * step) + (channels == 3 ? (lane % 4 * 8) + (lane & 4) : lane));
            for (var tap = 0; tap < taps; tap++, place = ref Unsafe.Add(ref place, step))
            {
                var weight = x < _columns.Count ? weights[(x * taps) + tap] : 0;
                if (channels == 3)
                    Vector128.Create(weight).StoreUnsafe(ref place);
                else
                    place = weight;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Widen(ReadOnlySpan<byte> from, Span<float> to)
    {
        ref var bytes = ref MemoryMarshal.GetReference(from);
        ref var floats = ref MemoryMarshal.GetReference(to);
        nuint i = 0;
        for (; i + 8 <= (nuint)from.Length; i += 8)
        {
            var eight = Vector128.CreateScalarUnsafe(Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref bytes, i))).AsByte();
            var integers = Avx2.IsSupported
                ? Avx2.ConvertToVector256Int32(eight)
                : Vector256.WidenLower(Vector128.WidenLower(eight).ToVector256()).AsInt32();
            Vector256.ConvertToSingle(integers).StoreUnsafe(ref floats, i);
        }

        for (; i < (nuint)from.Length; i++) Unsafe.Add(ref floats, i) = Unsafe.Add(ref bytes, i);
    }

    private static void Grow<T>(ref T[] buffer, int length)
    {
        if (buffer.Length < length) buffer = new T[length];
    }
}
