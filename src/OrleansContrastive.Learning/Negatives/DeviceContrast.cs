using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Negatives;

/// <summary>The shard's part of the softmax by tensor operations alone, for rows on an accelerator: nothing leaves it before
/// the end.</summary>
internal sealed class DeviceContrast
{
    private readonly Tensor _scaled;
    private Tensor _maxima;
    private Tensor _sums;
    private Tensor _weighted;

    internal DeviceContrast(Tensor queries, double temperature)
    {
        _scaled = queries.div(temperature);
        _weighted = zeros_like(_scaled);
        _sums = zeros([queries.shape[0], 1], queries.dtype, queries.device);
        _maxima = _sums.sub(double.PositiveInfinity);
    }

    internal PartialSoftmax Run(RowRange range)
    {
        var queries = (int)_scaled.shape[0];
        var chunk = RowRange.ChunkRows(queries) * 16;
        var nextMasked = 0;
        for (var row = range.First; row < range.End;)
        {
            using var scope = NewDisposeScope();
            using var vectors = range.Rows.Rows(row, Math.Min(chunk, range.End - row)).to(_scaled.device);
            var taken = (int)vectors.shape[0];
            Add(_scaled.mm(vectors.t()), vectors, range.MaskedCells(ref nextMasked, row, taken));
            row += taken;
        }

        return Finish(range.CountValid(queries));
    }

    private void Add(Tensor logits, Tensor vectors, long[] masked)
    {
        if (masked.Length > 0)
        {
            _ = logits.view(-1).index_fill_(0, tensor(masked, device: logits.device), double.NegativeInfinity);
        }

        var maxima = _maxima.maximum(logits.amax([1L], keepdim: true));

        // While no row counts the maximum is −∞, and the difference of two infinities is not a number.
        var shift = maxima.masked_fill(maxima.eq(double.NegativeInfinity), 0);
        var scale = _maxima.sub(shift).exp();
        var exponentials = logits.sub(shift).exp();
        Keep(ref _sums, _sums.mul(scale).add(exponentials.sum(1, keepdim: true)));
        Keep(ref _weighted, _weighted.mul(scale).addmm(exponentials, vectors));
        Keep(ref _maxima, maxima);
    }

    private static void Keep(ref Tensor held, Tensor next)
    {
        held.Dispose();
        held = next.MoveToOuterDisposeScope();
    }

    private PartialSoftmax Finish(double[] counts)
    {
        var counted = tensor(counts, [counts.Length, 1]);
        var part = cat([counted, .. new[] { _maxima, _sums, _weighted }.Select(value => value.to_type(ScalarType.Float64).cpu())], 1);
        return new(counts.Length, (int)_weighted.shape[1], MemoryMarshal.Cast<byte, double>(part.bytes).ToArray());
    }
}
