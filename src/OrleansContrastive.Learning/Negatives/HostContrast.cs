using System.Numerics;
using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Negatives;

/// <summary>The shard's part of the softmax on a processor: products through libtorch, exponentials by
/// <see cref="ExponentialPass"/> in place.</summary>
/// <typeparam name="T">Element type of queries and rows.</typeparam>
internal sealed unsafe class HostContrast<T>
    where T : unmanaged, IFloatingPointIeee754<T>
{
    private readonly Tensor _scaled;
    private readonly Tensor _weighted;
    private readonly int _queries;
    private readonly int _width;
    private readonly bool _fixedMaximum;
    private readonly T[] _shifts;
    private readonly T[] _maxima;
    private readonly double[] _sums;
    private readonly int _threads = get_num_threads();

    internal HostContrast(Tensor queries, double temperature)
    {
        (_queries, _width) = ((int)queries.shape[0], (int)queries.shape[1]);
        _scaled = queries.div(temperature);
        _weighted = zeros_like(_scaled);
        _fixedMaximum = temperature >= ShardContrast.FixedMaximumTemperature;
        _shifts = new T[_queries];
        _maxima = new T[_queries];
        _sums = new double[_queries];
        Array.Fill(_shifts, _fixedMaximum ? T.CreateChecked(1 / temperature) : T.NegativeInfinity);
        Array.Fill(_maxima, T.NegativeInfinity);
    }

    internal PartialSoftmax Run(RowRange range)
    {
        var chunk = RowRange.ChunkRows(_queries);
        var nextMasked = 0;
        var taken = 0;
        for (var row = range.First; row < range.End; row += taken)
        {
            using var scope = NewDisposeScope();
            var vectors = range.Rows.Rows(row, Math.Min(chunk, range.End - row));
            taken = (int)vectors.shape[0];
            var logits = _scaled.mm(vectors.t());
            var values = MemoryMarshal.Cast<byte, T>(logits.bytes);
            foreach (var cell in range.MaskedCells(ref nextMasked, row, taken))
            {
                values[(int)cell] = T.NegativeInfinity;
            }

            Exponentiate(values, taken);
            _ = _weighted.addmm_(logits, vectors);
        }

        return Finish(range.CountValid(_queries));
    }

    private void Exponentiate(Span<T> values, int columns)
    {
        fixed (T* logits = values, weighted = MemoryMarshal.Cast<byte, T>(_weighted.bytes))
        {
            var (row, sum) = ((nint)logits, (nint)weighted);
            if (_threads == 1)
            {
                ExponentiateLane(0, 1);
            }
            else
            {
                Parallel.For(0, _threads, lane => ExponentiateLane(lane, _threads));
            }

            void ExponentiateLane(int lane, int lanes)
            {
                for (var query = _queries * lane / lanes; query < _queries * (lane + 1) / lanes; query++)
                {
                    Exponentiate(
                        query,
                        new Span<T>((T*)row + (nint)query * columns, columns),
                        new Span<T>((T*)sum + (nint)query * _width, _width));
                }
            }
        }
    }

    private void Exponentiate(int query, Span<T> logits, Span<T> weighted)
    {
        if (!_fixedMaximum)
        {
            RaiseShift(query, ExponentialPass.Maximum<T>(logits), weighted);
        }

        // Before the first row that counts there is nothing to shift by: every logit is −∞.
        var shift = T.IsNegativeInfinity(_shifts[query]) ? T.Zero : _shifts[query];
        var (maximum, sum) = ExponentialPass.Apply(logits, shift);
        _maxima[query] = T.Max(_maxima[query], maximum);
        _sums[query] += sum;
    }

    private void RaiseShift(int query, T maximum, Span<T> weighted)
    {
        if (maximum <= _shifts[query])
        {
            return;
        }

        if (!T.IsNegativeInfinity(_shifts[query]))
        {
            var scale = T.Exp(_shifts[query] - maximum);
            _sums[query] *= double.CreateChecked(scale);
            foreach (ref var value in weighted)
            {
                value *= scale;
            }
        }

        _shifts[query] = maximum;
    }

    private PartialSoftmax Finish(double[] counts)
    {
        var part = new double[_queries * (_width + PartialSoftmax.Header)];
        var weighted = MemoryMarshal.Cast<byte, T>(_weighted.bytes);
        for (var query = 0; query < _queries; query++)
        {
            PartialSoftmax.Write<T>(
                part.AsSpan(query * (_width + PartialSoftmax.Header), _width + PartialSoftmax.Header),
                counts[query],
                double.CreateChecked(_maxima[query]),
                double.CreateChecked(_shifts[query]),
                _sums[query],
                weighted.Slice(query * _width, _width));
        }

        return new(_queries, _width, part);
    }
}
