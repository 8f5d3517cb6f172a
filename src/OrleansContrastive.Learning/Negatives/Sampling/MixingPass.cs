using OrleansContrastive.Learning.Random;
using TorchSharp;

namespace OrleansContrastive.Learning.Negatives.Sampling;

/// <summary>Makes a row of a query and its hard negatives, of any length.</summary>
internal delegate void RowMaker(ReadOnlySpan<double> query, HardRows hard, ref RandomStream stream, Span<double> made);

/// <summary>The hardest rows of a query, side by side.</summary>
internal readonly ref struct HardRows(ReadOnlySpan<double> rows, int width)
{
    private readonly ReadOnlySpan<double> _rows = rows;

    /// <summary>One of them, drawn evenly.</summary>
    public ReadOnlySpan<double> Draw(ref RandomStream stream) => _rows.Slice(stream.NextInt(_rows.Length / width) * width, width);
}

/// <summary>InfoNCE over all rows and synthetic ones, made of the hardest and normalised; no gradient goes through the making.</summary>
internal sealed class MixingPass : IContrastPass
{
    private readonly SoftmaxPass _all;
    private readonly HardestSearch _search;
    private readonly torch.Tensor _queries;
    private readonly ContrastCall _call;
    private readonly INegativeRows _rows;
    private readonly (int Count, RowMaker Make)[] _makers;

    /// <summary>The pass, which as long as nothing is made yet is one over all rows.</summary>
    /// <param name="queries">[B, D].</param>
    /// <param name="call">What the contrast is about.</param>
    /// <param name="rows">The rows of this home.</param>
    /// <param name="hardest">Rows of all homes to make others of.</param>
    /// <param name="afterEpochs">Epochs in which nothing is made.</param>
    /// <param name="makers">How many rows, of all homes, each of them makes.</param>
    public static IContrastPass Begin(
        torch.Tensor queries, ContrastCall call, INegativeRows rows, int hardest, double afterEpochs, params (int Count, RowMaker Make)[] makers) =>
        call.Epoch < afterEpochs ? new AllRows().Begin(queries, call, rows) : new MixingPass(queries, call, rows, hardest, makers);

    /// <param name="queries">[B, D]; kept beyond the caller's scope.</param>
    /// <param name="call">What the contrast is about.</param>
    /// <param name="rows">The rows of this home.</param>
    /// <param name="hardest">Rows of all homes to make others of.</param>
    /// <param name="makers">How many rows, of all homes, each of them makes.</param>
    public MixingPass(torch.Tensor queries, ContrastCall call, INegativeRows rows, int hardest, params (int Count, RowMaker Make)[] makers)
    {
        using var detached = queries.detach();
        _queries = detached.clone().DetachFromDisposeScope();
        _all = new(queries, call, rows, [(0, rows.Count)], call.Temperature);
        _search = new(_queries, call, rows, Math.Max(1, call.Share(hardest)));
        (_call, _rows) = (call, rows);
        _makers = [.. makers.Select(maker => (call.Share(maker.Count), maker.Make))];
    }

    public IEnumerable<(int First, int Count)> Ranges(int maxRows) => _all.Ranges(maxRows);

    public void Add(int first, int count)
    {
        _all.Add(first, count);
        _search.Add(first, count);
    }

    public PartialSoftmax[] Finish()
    {
        var (queries, width) = ((int)_queries.shape[0], _rows.Width);
        var values = PartialSoftmax.EmptyValues(queries, width);
        using (torch.NewDisposeScope())
        {
            var all = Methods.Frame.Embeddings.Doubles(_queries);
            for (var query = 0; query < queries; query++)
                Make(query, all.AsSpan(query * width, width), values.AsSpan(query * (width + PartialSoftmax.Header), width + PartialSoftmax.Header));
        }

        return [PartialSoftmax.Merge(_all.Finish()[0], new PartialSoftmax(queries, width, values))];
    }

    public void Dispose()
    {
        _all.Dispose();
        _queries.Dispose();
    }

    /// <summary>The softmax of a query over its synthetic rows alone.</summary>
    private void Make(int query, ReadOnlySpan<double> q, Span<double> values)
    {
        var hard = _search.Of(query);
        var made = _makers.Sum(maker => maker.Count);
        if (hard.Length == 0 || made == 0) return;
        var stream = new RandomStream(
            _call.Seed, RandomPurpose.Regularisation, (ulong)_call.Step, (ulong)((query * (long)_call.Shards) + _call.Shard));
        var width = q.Length;
        var pool = new double[hard.Length * width];
        for (var i = 0; i < hard.Length; i++) _rows.Read(hard[i].Row, pool.AsSpan(i * width, width));
        var (rows, logits) = (new double[made * width], new double[made]);
        var next = 0;
        foreach (var (count, make) in _makers)
        {
            for (var i = 0; i < count; i++, next++)
            {
                var row = rows.AsSpan(next * width, width);
                make(q, new(pool, width), ref stream, row);
                logits[next] = Normalise(row, q) / _call.Temperature;
            }
        }

        var maximum = logits.Max();
        (values[0], values[1]) = (made, maximum);
        for (var row = 0; row < made; row++)
        {
            var weight = Math.Exp(logits[row] - maximum);
            values[2] += weight;
            for (var d = 0; d < width; d++) values[PartialSoftmax.Header + d] += weight * rows[(row * width) + d];
        }
    }

    /// <summary>Brings a row to length 1; returns its similarity to the query.</summary>
    private static double Normalise(Span<double> row, ReadOnlySpan<double> q)
    {
        var (square, similarity) = (0.0, 0.0);
        for (var d = 0; d < row.Length; d++)
        {
            square += row[d] * row[d];
            similarity += row[d] * q[d];
        }

        // Two opposite rows may mix to nothing; that row points nowhere.
        var scale = square > 0 ? 1 / Math.Sqrt(square) : 0;
        foreach (ref var value in row) value *= scale;
        return similarity * scale;
    }
}
