using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Evaluation;

/// <summary>The weighted nearest-neighbour classifier of instance discrimination (Wu et al. 2018, section 3.4): a test row's
/// k most similar training rows vote for their classes with weight exp(s/T).</summary>
/// <remarks>
/// Classes come from the training labels alone. A class without a vote is never a hit, so top-5 is honest with few
/// neighbours. Equal similarities prefer the lower training row, equal scores the lower class. Memory is bounded by the
/// chunks, not by rows x rows. Belongs to one executor thread.
/// </remarks>
public static class WeightedKnn
{
    /// <summary>Training rows that are multiplied at once. A gallery that is cut at multiples of it gives the same bits as the whole.</summary>
    public const int Chunk = 4096;

    private const int TestChunk = 256;

    /// <summary>Classifies the test rows under several settings in one pass.</summary>
    /// <param name="train">[N, F] unit rows.</param>
    /// <param name="trainLabels">Class of each training row, not negative.</param>
    /// <param name="test">[M, F] unit rows.</param>
    /// <param name="testLabels">Class of each test row; one that no training row has is always a miss.</param>
    /// <param name="settings">Pairs (k, T).</param>
    /// <returns>One score per setting, in their order.</returns>
    /// <exception cref="ArgumentException">Rows, widths or labels do not fit, or a setting is out of range.</exception>
    public static IReadOnlyList<KnnScore> Evaluate(
        Tensor train,
        ReadOnlyMemory<int> trainLabels,
        Tensor test,
        ReadOnlyMemory<int> testLabels,
        params IReadOnlyList<KnnSetting> settings)
    {
        var classes = Require(train, trainLabels.Span, test, testLabels.Span, settings);
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var trainRows = train.to_type(ScalarType.Float32).contiguous();
        var testRows = test.to_type(ScalarType.Float32).contiguous();
        var (n, m) = (trainLabels.Length, testLabels.Length);
        var wanted = Math.Min(n, settings.Max(setting => setting.Neighbours));
        var hits = new (int Top1, int Top5)[settings.Count];
        for (var first = 0; first < m; first += TestChunk)
        {
            var count = Math.Min(TestChunk, m - first);
            var nearest = Nearest(testRows.narrow(0, first, count), trainRows, wanted);
            var vote = new Vote(classes);
            for (var i = 0; i < count; i++) vote.Count(nearest[i].Best(), trainLabels.Span, testLabels.Span[first + i], settings, hits);
        }

        return Scores(settings, hits, m);
    }

    /// <summary>The neighbours of queries in a part of a gallery. Belongs to one executor thread.</summary>
    /// <param name="part">[N, F] unit rows.</param>
    /// <param name="queries">[M, F] unit rows.</param>
    /// <param name="most">Neighbours of a query, at most.</param>
    /// <param name="firstRow">Number of the part's first row in the whole gallery.</param>
    public static Neighbours Find(Tensor part, Tensor queries, int most, int firstRow = 0)
    {
        ArgumentNullException.ThrowIfNull(part);
        ArgumentNullException.ThrowIfNull(queries);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(most);
        if (part.dim() != 2 || queries.dim() != 2 || part.shape[1] != queries.shape[1] || part.shape[0] == 0 || queries.shape[0] == 0)
            throw new ArgumentException($"Rows [{string.Join(", ", part.shape)}] and queries [{string.Join(", ", queries.shape)}]; expected [N, F] and [M, F].", nameof(queries));
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var rows = part.to_type(ScalarType.Float32).contiguous();
        var asked = queries.to_type(ScalarType.Float32).contiguous();
        var count = (int)asked.shape[0];
        most = (int)Math.Min(most, rows.shape[0]);
        var keys = new ulong[(long)count * most];
        Array.Fill(keys, Neighbours.None);
        for (var first = 0; first < count; first += TestChunk)
        {
            var nearest = Nearest(asked.narrow(0, first, Math.Min(TestChunk, count - first)), rows, most, firstRow);
            for (var i = 0; i < nearest.Length; i++) nearest[i].Best().CopyTo(keys.AsSpan((first + i) * most));
        }

        return new(keys, count);
    }

    /// <summary>Classifies queries by their neighbours in the whole gallery.</summary>
    /// <param name="neighbours">At least as many of each query as the largest k, or all rows.</param>
    /// <param name="labels">Class of each row of the gallery, not negative.</param>
    /// <param name="truths">Class of each query.</param>
    /// <param name="settings">Pairs (k, T).</param>
    /// <returns>One score per setting, in their order.</returns>
    /// <exception cref="ArgumentException">Numbers do not fit, or a setting is out of range.</exception>
    public static IReadOnlyList<KnnScore> Evaluate(
        Neighbours neighbours, ReadOnlyMemory<int> labels, ReadOnlyMemory<int> truths, params IReadOnlyList<KnnSetting> settings)
    {
        ArgumentNullException.ThrowIfNull(neighbours);
        var classes = Require(labels.Span, settings);
        if (neighbours.Queries != truths.Length) throw new ArgumentException($"Neighbours of {neighbours.Queries} queries with {truths.Length} classes; expected as many.", nameof(truths));
        var wanted = Math.Min(labels.Length, settings.Max(setting => setting.Neighbours));
        if (neighbours.Most < wanted) throw new ArgumentException($"{neighbours.Most} neighbours of each query; expected {wanted}.", nameof(neighbours));
        var (vote, hits) = (new Vote(classes), new (int Top1, int Top5)[settings.Count]);
        for (var i = 0; i < truths.Length; i++) vote.Count(neighbours.Of(i), labels.Span, truths.Span[i], settings, hits);
        return Scores(settings, hits, truths.Length);
    }

    private static KnnScore[] Scores(IReadOnlyList<KnnSetting> settings, (int Top1, int Top5)[] hits, int queries) =>
        [.. settings.Select((setting, s) => new KnnScore(setting, (double)hits[s].Top1 / queries, (double)hits[s].Top5 / queries))];

    private static NearestRows[] Nearest(Tensor queries, Tensor train, int wanted, int firstRow = 0)
    {
        var rows = (int)train.shape[0];
        var count = (int)queries.shape[0];
        var nearest = new NearestRows[count];
        for (var i = 0; i < count; i++)
        {
            nearest[i] = new(wanted);
        }

        for (var first = 0; first < rows; first += Chunk)
        {
            using var scope = NewDisposeScope();
            var taken = Math.Min(Chunk, rows - first);
            var similarities = queries.mm(train.narrow(0, first, taken).t()).cpu();
            Offer(nearest, similarities, firstRow + first);
        }

        return nearest;
    }

    private static unsafe void Offer(NearestRows[] nearest, Tensor similarities, int firstRow)
    {
        var columns = (int)similarities.shape[1];
        fixed (float* values = MemoryMarshal.Cast<byte, float>(similarities.bytes))
        {
            var first = (nint)values;
            var lanes = get_num_threads();
            if (lanes == 1)
            {
                OfferLane(0);
            }
            else
            {
                Parallel.For(0, lanes, OfferLane);
            }

            void OfferLane(int lane)
            {
                for (var i = nearest.Length * lane / lanes; i < nearest.Length * (lane + 1) / lanes; i++)
                {
                    nearest[i].Offer(new ReadOnlySpan<float>((float*)first + (nint)i * columns, columns), firstRow);
                }
            }
        }
    }

    private static int Require(
        Tensor train,
        ReadOnlySpan<int> trainLabels,
        Tensor test,
        ReadOnlySpan<int> testLabels,
        IReadOnlyList<KnnSetting> settings)
    {
        if (train.dim() != 2 || test.dim() != 2 || train.shape[1] != test.shape[1]
            || train.shape[0] != trainLabels.Length || test.shape[0] != testLabels.Length
            || trainLabels.Length == 0 || testLabels.Length == 0)
        {
            throw new ArgumentException(
                $"Training rows [{string.Join(", ", train.shape)}] with {trainLabels.Length} labels, test rows "
                + $"[{string.Join(", ", test.shape)}] with {testLabels.Length} labels; expected [N, F] with N and [M, F] with M.");
        }

        return Require(trainLabels, settings);
    }

    /// <summary>Checks labels and settings; returns the number of classes.</summary>
    private static int Require(ReadOnlySpan<int> trainLabels, IReadOnlyList<KnnSetting> settings)
    {
        foreach (var setting in settings)
        {
            if (setting.Neighbours < 1 || !(setting.Temperature > 0))
            {
                throw new ArgumentException($"k = {setting.Neighbours}, T = {setting.Temperature}; expected both positive.");
            }
        }

        if (settings.Count == 0)
        {
            throw new ArgumentException("There is no pair of k and T to evaluate.", nameof(settings));
        }

        var classes = 0;
        foreach (var label in trainLabels)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(label, nameof(trainLabels));
            classes = Math.Max(classes, label + 1);
        }

        return classes;
    }

    /// <summary>Scores the classes of one test row.</summary>
    private sealed class Vote(int classes)
    {
        private readonly double[] _scores = new double[classes];

        /// <summary>Adds to the hits of every setting.</summary>
        internal void Count(ReadOnlySpan<ulong> best, ReadOnlySpan<int> labels, int truth, IReadOnlyList<KnnSetting> settings, (int Top1, int Top5)[] hits)
        {
            for (var s = 0; s < hits.Length; s++)
            {
                var rank = Rank(best, labels, truth, settings[s]);
                hits[s].Top1 += rank < 1 ? 1 : 0;
                hits[s].Top5 += rank < 5 ? 1 : 0;
            }
        }

        /// <summary>Place of the true class, 0 for the first; the number of classes where nobody voted for it.</summary>
        private int Rank(ReadOnlySpan<ulong> best, ReadOnlySpan<int> labels, int truth, KnnSetting setting)
        {
            // Similarities that are no numbers are nobody's neighbours.
            if (best.IsEmpty)
            {
                return int.MaxValue;
            }

            Array.Clear(_scores);
            var neighbours = Math.Min(setting.Neighbours, best.Length);
            // Relative to the best similarity, which changes no ranking and cannot overflow.
            var top = NearestRows.Similarity(best[0]);
            foreach (var key in best[..neighbours])
            {
                _scores[labels[NearestRows.Row(key)]] +=
                    Math.Exp((NearestRows.Similarity(key) - (double)top) / setting.Temperature);
            }

            if ((uint)truth >= (uint)_scores.Length || _scores[truth] == 0)
            {
                return int.MaxValue;
            }

            var rank = 0;
            for (var c = 0; c < _scores.Length; c++)
            {
                rank += _scores[c] > _scores[truth] || (_scores[c] == _scores[truth] && c < truth) ? 1 : 0;
            }

            return rank;
        }
    }
}
