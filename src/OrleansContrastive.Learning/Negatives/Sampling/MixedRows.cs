using OrleansContrastive.Learning.Random;
using TorchSharp;

namespace OrleansContrastive.Learning.Negatives.Sampling;

/// <summary>
/// InfoNCE over all rows and synthetic ones, mixed of the hardest (Kalantidis et al. 2020, MoCHi, eqs. 4 and 5): s of two hard
/// negatives, normalize(α n_i + (1 − α) n_j) with α in (0, 1), and s' of the query and one, normalize(β q + (1 − β) n_j) with
/// β in (0, ½), so that the query is always the lesser part. No gradient goes through the mixing.
/// </summary>
/// <remarks>Each home mixes its share of its own hardest: exact for one home, an approximation for several.</remarks>
/// <param name="hardest">N_h, hard rows to mix from; at least 1.</param>
/// <param name="pairs">s, rows mixed of two.</param>
/// <param name="withQuery">s', rows mixed with the query.</param>
public sealed class MixedRows(int hardest, int pairs, int withQuery) : SoftmaxSampling
{
    /// <inheritdoc/>
    public override IContrastPass Begin(torch.Tensor queries, ContrastCall call, INegativeRows rows) =>
        new Pass(queries, call, rows, Math.Max(1, call.Share(hardest)), call.Share(pairs), call.Share(withQuery));

    private sealed class Pass : IContrastPass
    {
        private readonly SoftmaxPass _all;
        private readonly HardestSearch _search;
        private readonly torch.Tensor _queries;
        private readonly ContrastCall _call;
        private readonly INegativeRows _rows;
        private readonly int _pairs;
        private readonly int _withQuery;

        public Pass(torch.Tensor queries, ContrastCall call, INegativeRows rows, int hardest, int pairs, int withQuery)
        {
            using var detached = queries.detach();
            _queries = detached.clone().DetachFromDisposeScope();
            _all = new(queries, call, rows, [(0, rows.Count)], call.Temperature);
            _search = new(_queries, call, rows, hardest);
            (_call, _rows, _pairs, _withQuery) = (call, rows, pairs, withQuery);
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
                    Mix(query, all.AsSpan(query * width, width), values.AsSpan(query * (width + PartialSoftmax.Header), width + PartialSoftmax.Header));
            }

            return [PartialSoftmax.Merge(_all.Finish()[0], new PartialSoftmax(queries, width, values))];
        }

        public void Dispose()
        {
            _all.Dispose();
            _queries.Dispose();
        }

        /// <summary>The softmax of a query over its synthetic rows alone.</summary>
        private void Mix(int query, ReadOnlySpan<double> q, Span<double> values)
        {
            var hard = _search.Of(query);
            if (hard.Length == 0 || _pairs + _withQuery == 0) return;
            var stream = new RandomStream(
                _call.Seed, RandomPurpose.Regularisation, (ulong)_call.Step, (ulong)((query * (long)_call.Shards) + _call.Shard));
            var (width, made) = (q.Length, _pairs + _withQuery);
            var pool = new double[hard.Length * width];
            for (var i = 0; i < hard.Length; i++) _rows.Read(hard[i].Row, pool.AsSpan(i * width, width));
            var (mixed, logits) = (new double[made * width], new double[made]);
            for (var row = 0; row < made; row++)
            {
                var first = row < _pairs ? pool.AsSpan(stream.NextInt(hard.Length) * width, width) : q;
                var second = pool.AsSpan(stream.NextInt(hard.Length) * width, width);
                var share = stream.NextDouble() * (row < _pairs ? 1 : 0.5);
                logits[row] = Mix(first, second, share, q, mixed.AsSpan(row * width, width)) / _call.Temperature;
            }

            var maximum = logits.Max();
            (values[0], values[1]) = (made, maximum);
            for (var row = 0; row < made; row++)
            {
                var weight = Math.Exp(logits[row] - maximum);
                values[2] += weight;
                for (var d = 0; d < width; d++) values[PartialSoftmax.Header + d] += weight * mixed[(row * width) + d];
            }
        }

        /// <summary>normalize(share·a + (1 − share)·b); returns its similarity to the query.</summary>
        private static double Mix(ReadOnlySpan<double> a, ReadOnlySpan<double> b, double share, ReadOnlySpan<double> q, Span<double> mixed)
        {
            var (square, similarity) = (0.0, 0.0);
            for (var d = 0; d < mixed.Length; d++)
            {
                mixed[d] = (share * a[d]) + ((1 - share) * b[d]);
                square += mixed[d] * mixed[d];
                similarity += mixed[d] * q[d];
            }

            // Two opposite rows may mix to nothing; that row points nowhere.
            var scale = square > 0 ? 1 / Math.Sqrt(square) : 0;
            foreach (ref var value in mixed) value *= scale;
            return similarity * scale;
        }
    }
}
