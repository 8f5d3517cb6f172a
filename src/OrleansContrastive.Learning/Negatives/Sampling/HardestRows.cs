using OrleansContrastive.Learning.Losses;
using TorchSharp;

namespace OrleansContrastive.Learning.Negatives.Sampling;

/// <summary>
/// InfoNCE over the k rows that are most similar to each query, of all homes together. Each home answers with its own k
/// candidates, every one as a softmax of a single row; joining keeps the k best, so the result is exact.
/// </summary>
/// <param name="count">k, 1 to <see cref="Most"/>.</param>
public sealed class HardestRows(int count) : INegativeSampling
{
    /// <summary>Largest k: an answer is B x k x (D + 3) numbers.</summary>
    public const int Most = 256;

    /// <inheritdoc/>
    public int Parts => count;

    /// <inheritdoc/>
    public IContrastPass Begin(torch.Tensor queries, ContrastCall call, INegativeRows rows) => new Pass(queries, call, rows, count);

    /// <inheritdoc/>
    public PartialSoftmax[] Join(IReadOnlyList<PartialSoftmax[]> answers)
    {
        if (answers.Count == 1) return answers[0];
        PartialSoftmax[] all = [.. answers.SelectMany(answer => answer)];
        var (queries, width) = (all[0].Queries, all[0].Width);
        var joined = Enumerable.Range(0, count).Select(_ => new double[queries * (width + PartialSoftmax.Header)]).ToArray();
        for (var query = 0; query < queries; query++)
        {
            var best = all.OrderByDescending(part => part.Count(query) > 0 ? part.Maximum(query) : double.NegativeInfinity).Take(count).ToArray();
            for (var place = 0; place < count; place++)
                best[place].CopyQuery(query, joined[place].AsSpan(query * (width + PartialSoftmax.Header)));
        }

        return [.. joined.Select(values => new PartialSoftmax(queries, width, values))];
    }

    /// <inheritdoc/>
    public LossValue Evaluate(
        ReadOnlySpan<double> queries, ReadOnlySpan<double> positives, PartialSoftmax[] answer, double temperature, Span<double> gradient) =>
        MergedInfoNce.Evaluate(queries, positives, PartialSoftmax.Merge(answer), temperature, gradient);

    private sealed class Pass : IContrastPass
    {
        private readonly torch.Tensor _queries;
        private readonly HardestSearch _search;
        private readonly INegativeRows _rows;
        private readonly double _temperature;
        private readonly int _count;

        public Pass(torch.Tensor queries, ContrastCall call, INegativeRows rows, int count)
        {
            using var detached = queries.detach();
            _queries = detached.clone().DetachFromDisposeScope();
            (_rows, _count, _temperature) = (rows, count, call.Temperature);
            _search = new(_queries, call, rows, count);
        }

        public IEnumerable<(int First, int Count)> Ranges(int maxRows) => SoftmaxPass.Cut([(0, _rows.Count)], maxRows);

        public void Add(int first, int count) => _search.Add(first, count);

        public PartialSoftmax[] Finish()
        {
            var (queries, stride) = ((int)_queries.shape[0], _rows.Width + PartialSoftmax.Header);
            var parts = Enumerable.Range(0, _count).Select(_ => PartialSoftmax.EmptyValues(queries, _rows.Width)).ToArray();
            for (var query = 0; query < queries; query++)
            {
                var place = 0;
                foreach (var (row, similarity) in _search.Of(query))
                {
                    var values = parts[place++].AsSpan(query * stride, stride);
                    (values[0], values[1], values[2]) = (1, similarity / _temperature, 1);
                    _rows.Read(row, values[PartialSoftmax.Header..]);
                }
            }

            return [.. parts.Select(values => new PartialSoftmax(queries, _rows.Width, values))];
        }

        public void Dispose() => _queries.Dispose();
    }
}
