using System.Runtime.InteropServices;
using OrleansContrastive.Learning.Distances;
using OrleansContrastive.Learning.Losses;
using TorchSharp;
using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Miners;

/// <summary>The distances and labels of a batch in plain arrays: miners choose, and nothing of that is differentiated.</summary>
internal sealed class MiningBatch
{
    private readonly double[] _far;
    private readonly IReadOnlyList<long> _labels;

    public MiningBatch(Tensor rows, IReadOnlyList<long> labels, IDistance distance)
    {
        LossRows.RequireRows(rows);
        LossRows.RequireOnePerRow(rows, labels);
        using var still = no_grad();
        using var scope = NewDisposeScope();
        var detached = rows.detach();
        var far = DistanceRows.Far(distance, distance.Pairwise(detached, detached)).to_type(ScalarType.Float64).cpu().contiguous();
        _far = MemoryMarshal.Cast<byte, double>(far.bytes).ToArray();
        _labels = labels;
    }

    public int Count => _labels.Count;

    /// <summary>The distance of two rows, or minus their similarity.</summary>
    public double Far(int row, int other) => _far[(row * Count) + other];

    public IEnumerable<int> Positives(int anchor) => Positives(_labels, anchor);

    public IEnumerable<int> Negatives(int anchor) => Negatives(_labels, anchor);

    public static IEnumerable<int> Positives(IReadOnlyList<long> labels, int anchor) =>
        Enumerable.Range(0, labels.Count).Where(row => row != anchor && labels[row] == labels[anchor]);

    public static IEnumerable<int> Negatives(IReadOnlyList<long> labels, int anchor) =>
        Enumerable.Range(0, labels.Count).Where(row => labels[row] != labels[anchor]);
}
