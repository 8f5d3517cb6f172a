using System.Numerics;
using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Negatives;

/// <summary>Contrasts queries against the rows of one shard, where the rows are, and answers with a
/// <see cref="PartialSoftmax"/>.</summary>
/// <remarks>
/// Rows pass in chunks whose logits stay in the cache: a product with the queries, one pass that exponentiates and sums, a
/// product with the rows. Unit rows have logits of at most 1/T, so at T >= 0.025 that is a safe shift for all of them (the
/// smallest exponential, e^−80, is still a normal number) and no chunk has to be rescaled; colder softmaxes keep a running
/// maximum. Belongs to one executor thread; ordered with the shard's writes.
/// </remarks>
public static class ShardContrast
{
    /// <summary>The lowest temperature at which 1/T serves as the maximum of all logits.</summary>
    public const double FixedMaximumTemperature = 0.025;

    // 256 queries by 1,024 rows of logits are 1 MiB: the second-level cache of two cores.
    private const int ChunkLogits = 1 << 18;

    /// <summary>Computes the shard's part.</summary>
    /// <param name="queries">[B, D] unit rows, float32 or float64, on the device of the rows.</param>
    /// <param name="sampleIds">Sample of each query, whose own rows are masked; empty masks none.</param>
    /// <param name="rows">Rows of the shard.</param>
    /// <param name="temperature">T.</param>
    /// <param name="firstRow">First row of the range.</param>
    /// <param name="rowCount">Rows of the range; it ends with the shard at the latest. Cut so that a call takes about a second
    /// at most.</param>
    /// <exception cref="ArgumentException">Queries and rows, or queries and ids, do not fit.</exception>
    public static PartialSoftmax Compute(
        Tensor queries,
        ReadOnlySpan<long> sampleIds,
        INegativeRows rows,
        double temperature,
        int firstRow = 0,
        int rowCount = int.MaxValue)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(temperature);
        ArgumentOutOfRangeException.ThrowIfNegative(firstRow);
        if (queries.dim() != 2 || queries.shape[1] != rows.Width)
        {
            throw new ArgumentException(
                $"Queries are [{string.Join(", ", queries.shape)}]; expected [B, {rows.Width}].", nameof(queries));
        }

        if (sampleIds.Length > 0)
        {
            RowColumns.RequireLength(nameof(sampleIds), sampleIds.Length, queries.shape[0]);
        }

        var end = (int)Math.Min(rows.Count, (long)firstRow + rowCount);
        if (firstRow >= end)
        {
            return PartialSoftmax.Empty((int)queries.shape[0], rows.Width);
        }

        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var masked = OwnSamples.Find(sampleIds, rows.SampleIds[firstRow..end]);
        return queries.dtype == ScalarType.Float64
            ? new Accumulator<double>(queries, temperature).Run(rows, firstRow, end, masked)
            : new Accumulator<float>(queries, temperature).Run(rows, firstRow, end, masked);
    }

    private sealed class Accumulator<T>
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        private readonly Tensor _scaled;
        private readonly int _queries;
        private readonly int _width;
        private readonly bool _fixedMaximum;
        private readonly T[] _shifts;
        private readonly T[] _maxima;
        private readonly double[] _sums;
        private readonly double[] _counts;
        private Tensor _weighted;

        internal Accumulator(Tensor queries, double temperature)
        {
            (_queries, _width) = ((int)queries.shape[0], (int)queries.shape[1]);
            _scaled = queries.div(temperature);
            _weighted = zeros_like(queries);
            _fixedMaximum = temperature >= FixedMaximumTemperature;
            _shifts = new T[_queries];
            _maxima = new T[_queries];
            _sums = new double[_queries];
            _counts = new double[_queries];
            Array.Fill(_shifts, _fixedMaximum ? T.CreateChecked(1 / temperature) : T.NegativeInfinity);
            Array.Fill(_maxima, T.NegativeInfinity);
        }

        internal PartialSoftmax Run(INegativeRows rows, int first, int end, List<(int Query, int Row)> masked)
        {
            Array.Fill(_counts, end - first);
            var chunk = Math.Max(128, ChunkLogits / _queries);
            var nextMasked = 0;
            for (var row = first; row < end;)
            {
                using var scope = NewDisposeScope();
                var vectors = rows.Rows(row, Math.Min(chunk, end - row));
                var taken = (int)vectors.shape[0];
                var logits = _scaled.mm(vectors.t());
                var host = logits.device.type == DeviceType.CPU ? logits : logits.cpu();
                var values = MemoryMarshal.Cast<byte, T>(host.bytes);
                for (; nextMasked < masked.Count && masked[nextMasked].Row < row - first + taken; nextMasked++)
                {
                    var (query, own) = masked[nextMasked];
                    values[query * taken + own - (row - first)] = T.NegativeInfinity;
                    _counts[query]--;
                }

                Exponentiate(values, taken);
                var probabilities = ReferenceEquals(host, logits) ? logits : host.to(logits.device);
                var weighted = _weighted.addmm(probabilities, vectors).MoveToOuterDisposeScope();
                _weighted.Dispose();
                _weighted = weighted;
                row += taken;
            }

            return Finish();
        }

        private void Exponentiate(Span<T> values, int columns)
        {
            for (var query = 0; query < _queries; query++)
            {
                var logits = values.Slice(query * columns, columns);
                if (!_fixedMaximum)
                {
                    RaiseShift(query, ExponentialPass.Maximum<T>(logits));
                }

                // Before the first unmasked row there is nothing to shift by: every logit is −∞.
                var shift = T.IsNegativeInfinity(_shifts[query]) ? T.Zero : _shifts[query];
                var (maximum, sum) = ExponentialPass.Apply(logits, shift);
                _maxima[query] = T.Max(_maxima[query], maximum);
                _sums[query] += sum;
            }
        }

        private void RaiseShift(int query, T maximum)
        {
            if (maximum <= _shifts[query])
            {
                return;
            }

            if (!T.IsNegativeInfinity(_shifts[query]))
            {
                var scale = Math.Exp(double.CreateChecked(_shifts[query] - maximum));
                _sums[query] *= scale;
                using var row = _weighted.narrow(0, query, 1);
                row.mul_(scale);
            }

            _shifts[query] = maximum;
        }

        private PartialSoftmax Finish()
        {
            var merged = new double[_queries * (_width + 3)];
            using var host = _weighted.cpu();
            var weighted = MemoryMarshal.Cast<byte, T>(host.bytes);
            for (var query = 0; query < _queries; query++)
            {
                var values = merged.AsSpan(query * (_width + 3), _width + 3);
                if (_counts[query] == 0)
                {
                    values[1] = double.NegativeInfinity;
                    continue;
                }

                var maximum = double.CreateChecked(_maxima[query]);
                var scale = Math.Exp(double.CreateChecked(_shifts[query]) - maximum);
                values[0] = _counts[query];
                values[1] = maximum;
                values[2] = _sums[query] * scale;
                for (var d = 0; d < _width; d++)
                {
                    values[3 + d] = double.CreateChecked(weighted[query * _width + d]) * scale;
                }
            }

            return new(_queries, _width, merged);
        }
    }
}
