using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Evaluation;

/// <summary>How well rows find those of their own class.</summary>
/// <param name="Queries">Queries that have at least one row of their class in the gallery.</param>
/// <param name="WithoutMatch">Queries that have none, or no class; they count nowhere else.</param>
/// <param name="RecallAt1">Share of the queries whose nearest row is of their class, 0 to 1.</param>
/// <param name="RecallAt5">The same among the nearest five.</param>
/// <param name="RecallAt10">The same among the nearest ten.</param>
/// <param name="MeanAveragePrecision">
/// Mean over the queries of the average, over all rows of their class, of the precision at that row's place in the whole order.
/// </param>
public readonly record struct RetrievalScore(int Queries, int WithoutMatch, double RecallAt1, double RecallAt5, double RecallAt10, double MeanAveragePrecision)
{
    /// <summary>The score of parts of the queries, put together.</summary>
    public static RetrievalScore Join(IReadOnlyList<RetrievalScore> parts)
    {
        var queries = parts.Sum(part => part.Queries);
        return new(
            queries, parts.Sum(part => part.WithoutMatch), Mean(part => part.RecallAt1), Mean(part => part.RecallAt5), Mean(part => part.RecallAt10), Mean(part => part.MeanAveragePrecision));

        double Mean(Func<RetrievalScore, double> of) => queries == 0 ? 0 : parts.Sum(part => part.Queries * of(part)) / queries;
    }
}

/// <summary>
/// Retrieval by cosine: queries of one set, a gallery of another. The whole order is taken into account, exactly; equal
/// similarities prefer the lower row. Memory is bounded by chunks of queries. Stateless; on an executor's thread.
/// </summary>
public static class Retrieval
{
    // Similarities of a chunk: 16 MiB.
    private const int ChunkNumbers = 1 << 22;

    /// <summary>Scores some of the queries.</summary>
    /// <param name="queries">Unit rows; a class below 0 matches nothing.</param>
    /// <param name="gallery">Unit rows of the same width; a class below 0 is never wanted.</param>
    /// <param name="first">The first query.</param>
    /// <param name="count">How many queries.</param>
    /// <param name="device">Where the similarities are computed.</param>
    /// <exception cref="ArgumentException">Widths differ, or the gallery is empty.</exception>
    public static RetrievalScore Evaluate(FeatureRows queries, FeatureRows gallery, int first, int count, Device device)
    {
        ArgumentNullException.ThrowIfNull(queries);
        ArgumentNullException.ThrowIfNull(gallery);
        if (queries.Width != gallery.Width || gallery.Count == 0)
            throw new ArgumentException($"Queries have {queries.Width} numbers; the gallery has {gallery.Count} rows of {gallery.Width}.");
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var (asked, rows) = (queries.Borrow(), gallery.Borrow().to(device).t());
        var keys = new ulong[gallery.Count];
        var tally = new Tally();
        var chunk = Math.Max(1, ChunkNumbers / gallery.Count);
        for (var begin = first; begin < first + count; begin += chunk)
        {
            using var inner = NewDisposeScope();
            var taken = Math.Min(chunk, first + count - begin);
            var similarities = asked.narrow(0, begin, taken).to(device).mm(rows).cpu();
            var values = MemoryMarshal.Cast<byte, float>(similarities.bytes);
            for (var i = 0; i < taken; i++)
            {
                for (var row = 0; row < keys.Length; row++) keys[row] = Key(values[(i * keys.Length) + row], row);
                Array.Sort(keys);
                tally.Add(keys, gallery.Labels, queries.Labels[begin + i]);
            }
        }

        return tally.Score();
    }

    // What is no number is nobody's neighbour.
    private static ulong Key(float similarity, int row) => NearestRows.Key(float.IsNaN(similarity) ? float.NegativeInfinity : similarity, row);

    private sealed class Tally
    {
        private int _queries;
        private int _withoutMatch;
        private int _at1;
        private int _at5;
        private int _at10;
        private double _precision;

        public void Add(ulong[] order, int[] labels, int wanted)
        {
            var (found, sum, place) = (0, 0.0, -1);
            for (var i = 0; i < order.Length && wanted >= 0; i++)
            {
                if (labels[NearestRows.Row(order[i])] != wanted) continue;
                if (found++ == 0) place = i;
                sum += (double)found / (i + 1);
            }

            if (found == 0)
            {
                _withoutMatch++;
                return;
            }

            _queries++;
            _at1 += place < 1 ? 1 : 0;
            _at5 += place < 5 ? 1 : 0;
            _at10 += place < 10 ? 1 : 0;
            _precision += sum / found;
        }

        public RetrievalScore Score() => _queries == 0
            ? new(0, _withoutMatch, 0, 0, 0, 0)
            : new(_queries, _withoutMatch, (double)_at1 / _queries, (double)_at5 / _queries, (double)_at10 / _queries, _precision / _queries);
    }
}
