using OrleansContrastive.Learning.Losses;
using OrleansContrastive.Learning.Random;
using TorchSharp;

namespace OrleansContrastive.Learning.Negatives.Sampling;

/// <summary>Rows that are found by the sample they belong to: a memory bank's.</summary>
public interface IRowsBySample : INegativeRows
{
    /// <summary>Samples of the whole bank, N.</summary>
    long Samples { get; }

    /// <summary>The row of a sample; -1 where another shard has it.</summary>
    int RowOf(long sampleId);
}

/// <summary>
/// Noise-contrastive estimation against a memory bank (Wu et al. 2018, section 3.2): with m noise samples drawn uniformly and with
/// replacement for each query, the partition Z and h = P/(P + m/N), P = exp(s/T)/Z,
/// <code>L = −ln h(positive) − Σ ln(1 − h(noise))</code>
/// taken as softplus of x = s/T − ln Z − ln(m/N), which neither overflows nor needs the paper's ε.
/// </summary>
/// <remarks>
/// The draws are Philox's by (seed, lease, sample of the query, draw), and each home scores those that it owns, so sharding
/// changes no draw. An answer is the sum of losses and its gradient, and a softmax of the noise, which estimates Z
/// (<see cref="LogPartition"/>). Draws of the query's own sample are left out where own samples are masked.
/// </remarks>
/// <param name="draws">m; at least 1.</param>
/// <param name="logPartition">ln Z (<see cref="PartitionEstimate"/>); only a pass needs it.</param>
public sealed class NoiseContrast(int draws, double logPartition = double.NaN) : INegativeSampling
{
    /// <inheritdoc/>
    public int Parts => 2;

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">The rows are not a bank's, or the samples of the queries are not given.</exception>
    public IContrastPass Begin(torch.Tensor queries, ContrastCall call, INegativeRows rows) => new Pass(
        queries, call, rows as IRowsBySample ?? throw new ArgumentException("Noise-contrastive estimation needs rows by sample: a bank.", nameof(rows)),
        draws, Shift(((IRowsBySample)rows).Samples));

    /// <inheritdoc/>
    public PartialSoftmax[] Join(IReadOnlyList<PartialSoftmax[]> answers) =>
        [PartialSoftmax.Merge([.. answers.Select(answer => answer[0])]), PartialSoftmax.Merge([.. answers.Select(answer => answer[1])])];

    /// <summary>ln of the partition that this answer's noise suggests: N times the mean of exp(s/T).</summary>
    /// <param name="answer">What <see cref="Join"/> gave.</param>
    /// <param name="samples">Samples of the bank, N.</param>
    /// <exception cref="ArgumentException">No noise counted for any query, as in a bank of one sample.</exception>
    public static double LogPartition(PartialSoftmax[] answer, long samples)
    {
        var noise = answer[1];
        var logs = Enumerable.Range(0, noise.Queries).Where(query => noise.Count(query) > 0)
            .Select(query => noise.Maximum(query) + Math.Log(noise.Sum(query) / noise.Count(query))).ToArray();
        if (logs.Length == 0)
            throw new ArgumentException($"For none of {noise.Queries} queries did any noise count, so it suggests no partition; expected a row of another sample in a bank of {samples:N0}.", nameof(answer));
        var top = logs.Max();
        return Math.Log(samples) + top + Math.Log(logs.Average(log => Math.Exp(log - top)));
    }

    /// <inheritdoc/>
    /// <remarks>The chance level is the loss of a network that gives every sample 1/N; the entropy is that of the softmax over the noise.</remarks>
    public LossValue Evaluate(
        ReadOnlySpan<double> queries, ReadOnlySpan<double> positives, PartialSoftmax[] answer, double temperature, Span<double> gradient)
    {
        var (losses, noise) = (answer[0], answer[1]);
        var (batch, width) = (losses.Queries, losses.Width);
        double loss = 0, count = 0, similarity = 0, hits = 0, entropy = 0;
        for (var b = 0; b < batch; b++)
        {
            var query = queries.Slice(b * width, width);
            var key = positives.Slice(b * width, width);
            var row = gradient.Slice(b * width, width);
            var cosine = MergedInfoNce.Dot(query, key);
            // ln Z and m/N are the pass's: the sum holds the shift that it was taken with.
            var x = (cosine / temperature) - losses.Maximum(b);
            loss += Softplus(-x) + losses.Sum(b);
            var pull = losses.Weighted(b);
            var missing = Sigmoid(-x);
            for (var d = 0; d < width; d++) row[d] = (pull[d] - (missing * key[d])) / (temperature * batch);
            count += noise.Count(b);
            similarity += cosine;
            hits += cosine / temperature > noise.Maximum(b) ? 1 : 0;
            if (noise.Count(b) > 0)
                entropy += noise.Maximum(b) + Math.Log(noise.Sum(b)) - (MergedInfoNce.Dot(query, noise.Weighted(b)) / noise.Sum(b) / temperature);
        }

        var mean = count / batch;
        var chance = mean > 0 ? Math.Log(mean + 1) + (mean * Math.Log(1 + (1 / mean))) : 0;
        return new(batch, loss / batch, chance, mean, similarity / batch, hits / batch, entropy / batch);
    }

    private static double Softplus(double x) => Math.Max(x, 0) + Math.Log(1 + Math.Exp(-Math.Abs(x)));

    private static double Sigmoid(double x) => x >= 0 ? 1 / (1 + Math.Exp(-x)) : Math.Exp(x) / (1 + Math.Exp(x));

    private double Shift(long samples) => logPartition + Math.Log((double)draws / samples);

    private sealed class Pass(torch.Tensor queries, ContrastCall call, IRowsBySample rows, int draws, double shift) : IContrastPass
    {
        private readonly double[] _queries = Methods.Frame.Embeddings.Doubles(queries);
        private readonly int _count = (int)queries.shape[0];
        private readonly double[] _losses = PartialSoftmax.EmptyValues((int)queries.shape[0], rows.Width);
        private readonly double[] _noise = PartialSoftmax.EmptyValues((int)queries.shape[0], rows.Width);

        // Queries, not rows: a range of the work is some queries with all of their draws.
        public IEnumerable<(int First, int Count)> Ranges(int maxRows) => SoftmaxPass.Cut([(0, _count)], Math.Max(1, maxRows / draws));

        public void Add(int first, int count)
        {
            if (call.SampleIds.Length != _count)
                throw new ArgumentException($"Noise is drawn by the queries' samples; expected {_count}, found {call.SampleIds.Length}.");
            var (width, stride) = (rows.Width, rows.Width + PartialSoftmax.Header);
            var row = new double[width];
            for (var query = first; query < first + count; query++)
            {
                var q = _queries.AsSpan(query * width, width);
                var losses = _losses.AsSpan(query * stride, stride);
                var noise = _noise.AsSpan(query * stride, stride);
                // The shift stands where a softmax has its maximum: alike for all homes, so that joining just adds.
                losses[1] = shift;
                losses[0] = 1;
                var stream = new RandomStream(call.Seed, RandomPurpose.NoiseSampling, (ulong)call.Step, (ulong)call.SampleIds[query]);
                for (var draw = 0; draw < draws; draw++)
                {
                    var sample = Draw(ref stream, rows.Samples);
                    if ((sample == call.SampleIds[query] && !call.KeepsOwn) || rows.RowOf(sample) is var own && own < 0) continue;
                    rows.Read(own, row);
                    Score(MergedInfoNce.Dot(q, row) / call.Temperature, row, losses, noise);
                }
            }
        }

        public PartialSoftmax[] Finish() => [new(_count, rows.Width, _losses), new(_count, rows.Width, _noise)];

        public void Dispose()
        {
        }

        private static long Draw(ref RandomStream stream, long samples) =>
            samples <= int.MaxValue ? stream.NextInt((int)samples) : (long)(stream.NextDouble() * samples);

        private void Score(double logit, double[] row, Span<double> losses, Span<double> noise)
        {
            var x = logit - shift;
            var share = Sigmoid(x);
            losses[2] += Softplus(x);
            var (weight, scale) = logit > noise[1] ? (1.0, Math.Exp(noise[1] - logit)) : (Math.Exp(logit - noise[1]), 1.0);
            noise[0]++;
            noise[1] = Math.Max(noise[1], logit);
            noise[2] = (noise[2] * scale) + weight;
            for (var d = 0; d < row.Length; d++)
            {
                losses[PartialSoftmax.Header + d] += share * row[d];
                noise[PartialSoftmax.Header + d] = (noise[PartialSoftmax.Header + d] * scale) + (weight * row[d]);
            }
        }
    }
}
