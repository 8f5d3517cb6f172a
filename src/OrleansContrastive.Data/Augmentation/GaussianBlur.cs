namespace OrleansContrastive.Data.Augmentation;

/// <summary>
/// torchvision's Gaussian blur of square planes, with reflection at the border, by one pass along rows and one along
/// columns. Rows are asked for from the top, and need the source only <see cref="Reach"/> rows ahead. Reused; allocates
/// nothing after construction. Not thread-safe.
/// </summary>
internal sealed class GaussianBlur
{
    // Weights below this part of the greatest one change no pixel by a tenth of 1/255, even all together.
    private const double NegligibleWeight = 1e-4;

    private readonly int _size;
    private readonly int _rowStride;
    private readonly int _largestReach;
    private readonly float[] _weights;
    private readonly float[] _line;
    private readonly float[] _ring;
    private readonly int[] _nextRow;
    private readonly int[] _places;
    private readonly int[] _offsets;

    /// <summary>Prepares for planes of one shape.</summary>
    /// <param name="size">Rows and columns of a plane.</param>
    /// <param name="rowStride">Floats from one row to the next, a multiple of eight.</param>
    /// <param name="planes">How many planes.</param>
    /// <param name="kernel">The width of the kernel, odd, below twice <paramref name="size"/>.</param>
    public GaussianBlur(int size, int rowStride, int planes, int kernel)
    {
        _size = size;
        _rowStride = rowStride;
        _largestReach = kernel / 2;
        _weights = new float[kernel];
        _line = new float[rowStride + (2 * _largestReach)];
        _ring = new float[planes * kernel * rowStride];
        _nextRow = new int[planes];
        _places = [.. Enumerable.Range(0, kernel)];
        _offsets = new int[kernel];
    }

    /// <summary>How many rows and columns the blur reads on each side.</summary>
    public int Reach { get; private set; }

    /// <summary>Starts at the top of new planes.</summary>
    /// <param name="sigma">The standard deviation, in pixels, above 0.</param>
    public void Begin(float sigma)
    {
        // Normalised over the whole kernel, as torchvision does, before its far ends are left out.
        double total = 1;
        var reach = 0;
        for (var distance = 1; distance <= _largestReach; distance++)
        {
            var weight = Weight(distance, sigma);
            total += 2 * weight;
            if (weight > NegligibleWeight) reach = distance;
        }

        Reach = reach;
        for (var distance = 0; distance <= reach; distance++)
            _weights[reach - distance] = _weights[reach + distance] = (float)(Weight(distance, sigma) / total);
        Array.Clear(_nextRow);
    }

    private static double Weight(int distance, double sigma) => Math.Exp(-0.5 * (distance / sigma) * (distance / sigma));

    /// <summary>Computes one row.</summary>
    /// <param name="plane">The plane's number.</param>
    /// <param name="source">The plane, of which the rows up to <paramref name="row"/> + <see cref="Reach"/> are ready.</param>
    /// <param name="row">The row: for each plane, one after the other from 0.</param>
    /// <param name="target">Receives the row, one stride of floats.</param>
    public void Row(int plane, ReadOnlySpan<float> source, int row, Span<float> target)
    {
        var taps = (2 * Reach) + 1;
        var ready = Math.Min(_size, row + Reach + 1);
        for (; _nextRow[plane] < ready; _nextRow[plane]++)
        {
            FillLine(source.Slice(_nextRow[plane] * _rowStride, _size));
            AlongRow(_ring.AsSpan(RingOffset(plane, _nextRow[plane] % taps), _rowStride));
        }

        AlongColumns(plane, row, target);
    }

    private int RingOffset(int plane, int slot) => ((plane * _weights.Length) + slot) * _rowStride;

    private void FillLine(ReadOnlySpan<float> row)
    {
        row.CopyTo(_line.AsSpan(Reach));
        for (var i = 1; i <= Reach; i++)
        {
            _line[Reach - i] = row[i];
            _line[Reach + _size - 1 + i] = row[_size - 1 - i];
        }
    }

    // The line's runs start one value after the other.
    private void AlongRow(Span<float> target)
    {
        var taps = (2 * Reach) + 1;
        RowSum.Compute(_line, _places.AsSpan(0, taps), _weights.AsSpan(0, taps), target);
    }

    private void AlongColumns(int plane, int row, Span<float> target)
    {
        var taps = (2 * Reach) + 1;
        for (var tap = 0; tap < taps; tap++)
        {
            var y = Math.Abs(row - Reach + tap);
            if (y >= _size) y = (2 * (_size - 1)) - y;
            _offsets[tap] = RingOffset(plane, y % taps);
        }

        RowSum.Compute(_ring, _offsets.AsSpan(0, taps), _weights.AsSpan(0, taps), target);
    }
}
