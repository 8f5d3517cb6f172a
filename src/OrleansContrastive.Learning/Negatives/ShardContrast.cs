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

        _ = ElementSize.Of(queries.dtype);
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
        var masked = rows.OwnRows(sampleIds, firstRow, end);
        var range = new RowRange(rows, firstRow, end, masked);
        return queries.device.type != DeviceType.CPU ? new DeviceContrast(queries.detach(), temperature).Run(range)
            : queries.dtype == ScalarType.Float64 ? new HostContrast<double>(queries.detach(), temperature).Run(range)
            : FusedContrast.Supports(rows.Width) ? new FusedContrast(queries.detach(), temperature).Run(range)
            : new HostContrast<float>(queries.detach(), temperature).Run(range);
    }
}
