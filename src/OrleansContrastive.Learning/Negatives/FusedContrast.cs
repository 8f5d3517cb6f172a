using System.Numerics;
using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Negatives;

/// <summary>The shard's part of the softmax in float32, both products and the exponentials in one sweep: a tile of logits
/// never leaves the second-level cache.</summary>
/// <remarks>
/// Each lane owns some of the queries and runs over all rows, so lanes share nothing and the result does not depend on
/// their number. Tiles hold logits by row and query, which lets the exponentials of 16 queries sum up in registers. Sums are
/// carried over to double precision every few thousand rows. Where AVX-512 is at hand libtorch's products are
/// faster than these.
/// </remarks>
internal sealed unsafe class FusedContrast
{
    private const int TileRows = 10 * ProductKernel.Rows;
    private const int TilesPerFlush = 64;

    private readonly Tensor _queries;
    private readonly float _inverseTemperature;
    private readonly bool _fixedMaximum;
    private readonly int _count;
    private readonly int _width;

    internal FusedContrast(Tensor queries, double temperature)
    {
        _queries = queries.contiguous();
        (_count, _width) = ((int)queries.shape[0], (int)queries.shape[1]);
        _inverseTemperature = (float)(1 / temperature);
        _fixedMaximum = temperature >= ShardContrast.FixedMaximumTemperature;
    }

    internal static bool Supports(int width) =>
        ProductKernel.IsSupported && !Vector512Products && width % ProductKernel.Columns == 0;

    private static bool Vector512Products => System.Runtime.Intrinsics.X86.Avx512F.IsSupported;

    internal PartialSoftmax Run(RowRange range)
    {
        var blocks = new List<(nint Rows, int Count)>();
        var maxRows = (1 << 28) / _width;
        for (var row = range.First; row < range.End; row += blocks[^1].Count)
        {
            // The tensors live, and their memory stays where it is, until the caller's scope ends.
            var rows = range.Rows.Rows(row, Math.Min(maxRows, range.End - row));
            if (rows.dtype != ScalarType.Float32 || rows.shape[1] != _width)
            {
                throw new ArgumentException(
                    $"Rows are [{string.Join(", ", rows.shape)}] of {rows.dtype}; expected [rows, {_width}] of Float32.");
            }

            fixed (byte* first = rows.bytes)
            {
                blocks.Add(((nint)first, (int)rows.shape[0]));
            }
        }

        var part = new double[_count * (_width + PartialSoftmax.Header)];
        var counts = range.CountValid(_count);
        var panels = (_count + ProductKernel.Columns - 1) / ProductKernel.Columns;
        var lanes = Math.Min(get_num_threads(), panels);
        fixed (byte* queries = _queries.bytes)
        {
            var source = (nint)queries;
            if (lanes == 1)
            {
                RunLane(0);
            }
            else
            {
                Parallel.For(0, lanes, RunLane);
            }

            void RunLane(int lane)
            {
                var first = panels * lane / lanes * ProductKernel.Columns;
                var last = Math.Min(_count, panels * (lane + 1) / lanes * ProductKernel.Columns);
                using var state = new Lane(_width, last - first, _fixedMaximum, _inverseTemperature);
                state.Load((float*)source + (nint)first * _width);
                state.Sweep(blocks, [.. range.Masked.Where(pair => pair.Query >= first && pair.Query < last)
                    .Select(pair => (pair.Query - first, pair.Row))]);
                state.Finish(
                    counts.AsSpan(first, last - first), part.AsSpan(first * (_width + PartialSoftmax.Header)));
            }
        }

        return new(_count, _width, part);
    }

    /// <summary>The queries of one thread and what they have gathered.</summary>
    private sealed class Lane : IDisposable
    {
        private readonly int _width;
        private readonly int _count;
        private readonly int _padded; // to whole panels of 16 columns
        private readonly int _stride; // of the tile, with room for a last block of 6 queries
        private readonly bool _fixedMaximum;
        private readonly float _inverseTemperature;
        private readonly float* _memory;
        private readonly float* _panels; // queries by panel, term, column
        private readonly float* _tile; // logits, then exponentials, by row and query
        private readonly float* _tail; // the last rows, filled up with zeros
        private readonly float* _weighted; // since the last flush, by query and element
        private readonly float* _shifts;
        private readonly float* _maxima;
        private readonly double[] _sums;
        private readonly double[] _totals;

        internal Lane(int width, int count, bool fixedMaximum, float inverseTemperature)
        {
            (_width, _count, _fixedMaximum, _inverseTemperature) = (width, count, fixedMaximum, inverseTemperature);
            _padded = RoundUp(count, ProductKernel.Columns);
            _stride = RoundUp(RoundUp(_padded, ProductKernel.Rows), ProductKernel.Columns);
            nint panels = (nint)_padded * width, tile = (nint)TileRows * _stride, tail = (nint)TileRows * width;
            var weighted = (nint)_stride * width;
            var floats = panels + tile + tail + weighted + 2 * _stride;
            _memory = (float*)NativeMemory.AlignedAlloc((nuint)(floats * sizeof(float)), 64);
            NativeMemory.Clear(_memory, (nuint)(floats * sizeof(float)));
            _panels = _memory;
            _tile = _panels + panels;
            _tail = _tile + tile;
            _weighted = _tail + tail;
            _shifts = _weighted + weighted;
            _maxima = _shifts + _stride;
            new Span<float>(_shifts, _stride).Fill(fixedMaximum ? inverseTemperature : float.NegativeInfinity);
            new Span<float>(_maxima, _stride).Fill(float.NegativeInfinity);
            _sums = new double[_padded];
            _totals = new double[count * width];
        }

        public void Dispose() => NativeMemory.AlignedFree(_memory);

        /// <summary>Scales the queries by 1/T and packs them by panel.</summary>
        internal void Load(float* queries)
        {
            for (var query = 0; query < _count; query++)
            {
                var panel = _panels + (nint)(query / ProductKernel.Columns) * ProductKernel.Columns * _width;
                for (var d = 0; d < _width; d++)
                {
                    panel[d * ProductKernel.Columns + query % ProductKernel.Columns] =
                        queries[(nint)query * _width + d] * _inverseTemperature;
                }
            }
        }

        internal void Sweep(List<(nint Rows, int Count)> blocks, (int Query, int Row)[] masked)
        {
            var (blockFirst, nextMasked, tiles) = (0, 0, 0);
            foreach (var (rows, count) in blocks)
            {
                for (var row = 0; row < count; row += TileRows)
                {
                    var taken = Math.Min(TileRows, count - row);
                    var vectors = (float*)rows + (nint)row * _width;
                    if (taken % ProductKernel.Rows != 0)
                    {
                        NativeMemory.Clear(_tail, (nuint)(TileRows * _width * sizeof(float)));
                        NativeMemory.Copy(vectors, _tail, (nuint)(taken * _width * sizeof(float)));
                        vectors = _tail;
                    }

                    Multiply(vectors, taken);
                    for (; nextMasked < masked.Length && masked[nextMasked].Row < blockFirst + row + taken; nextMasked++)
                    {
                        var (query, own) = masked[nextMasked];
                        _tile[(nint)(own - blockFirst - row) * _stride + query] = float.NegativeInfinity;
                    }

                    Exponentiate(taken);
                    Accumulate(vectors, taken);
                    if (++tiles % TilesPerFlush == 0)
                    {
                        Flush();
                    }
                }

                blockFirst += count;
            }

            Flush();
        }

        internal void Finish(ReadOnlySpan<double> counts, Span<double> part)
        {
            for (var query = 0; query < _count; query++)
            {
                var values = part.Slice(query * (_width + PartialSoftmax.Header), _width + PartialSoftmax.Header);
                PartialSoftmax.Write(
                    values, counts[query], _maxima[query], _shifts[query], _sums[query], _totals.AsSpan(query * _width, _width));
            }
        }

        private static int RoundUp(int value, int multiple) => (value + multiple - 1) / multiple * multiple;

        private void Multiply(float* vectors, int rows)
        {
            for (var column = 0; column < _padded; column += ProductKernel.Columns)
            {
                for (var row = 0; row < rows; row += ProductKernel.Rows)
                {
                    ProductKernel.Multiply(
                        vectors + (nint)row * _width, _width, 1,
                        _panels + (nint)column * _width, ProductKernel.Columns,
                        _tile + (nint)row * _stride + column, _stride, _width, add: false);
                }
            }
        }

        private void Exponentiate(int rows)
        {
            for (var column = 0; column < _padded; column += Vector<float>.Count)
            {
                var logits = _tile + column;
                var maximum = Vector.Load(_maxima + column);
                if (!_fixedMaximum)
                {
                    for (var row = 0; row < rows; row++)
                    {
                        maximum = Vector.Max(maximum, Vector.Load(logits + (nint)row * _stride));
                    }

                    RaiseShifts(column, maximum);
                }

                // Before the first row that counts there is nothing to shift by: every logit is −∞.
                var shift = Vector.Load(_shifts + column);
                shift = Vector.ConditionalSelect(
                    Vector.Equals(shift, new Vector<float>(float.NegativeInfinity)), Vector<float>.Zero, shift);
                var sum = Vector<float>.Zero;
                for (var row = 0; row < rows; row++)
                {
                    var cells = logits + (nint)row * _stride;
                    var values = Vector.Load(cells);
                    maximum = Vector.Max(maximum, values);
                    var exponentials = ExponentialPass.Exp(values - shift);
                    sum += exponentials;
                    exponentials.Store(cells);
                }

                maximum.Store(_maxima + column);
                for (var lane = 0; lane < Vector<float>.Count; lane++)
                {
                    _sums[column + lane] += sum[lane];
                }
            }
        }

        private void RaiseShifts(int column, Vector<float> maximum)
        {
            for (var lane = 0; lane < Vector<float>.Count && column + lane < _count; lane++)
            {
                var query = column + lane;
                if (!(maximum[lane] > _shifts[query]))
                {
                    continue;
                }

                if (!float.IsNegativeInfinity(_shifts[query]))
                {
                    var scale = Math.Exp((double)_shifts[query] - maximum[lane]);
                    _sums[query] *= scale;
                    for (var d = 0; d < _width; d++)
                    {
                        _weighted[(nint)query * _width + d] *= (float)scale;
                        _totals[query * _width + d] *= scale;
                    }
                }

                _shifts[query] = maximum[lane];
            }
        }

        private void Accumulate(float* vectors, int rows)
        {
            for (var column = 0; column < _width; column += ProductKernel.Columns)
            {
                for (var query = 0; query < _count; query += ProductKernel.Rows)
                {
                    ProductKernel.Multiply(
                        _tile + query, 1, _stride,
                        vectors + column, _width,
                        _weighted + (nint)query * _width + column, _width, rows, add: true);
                }
            }
        }

        private void Flush()
        {
            for (var i = 0; i < _totals.Length; i++)
            {
                _totals[i] += _weighted[i];
            }

            NativeMemory.Clear(_weighted, (nuint)((nint)_stride * _width * sizeof(float)));
        }
    }
}
