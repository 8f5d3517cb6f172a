using TorchSharp;

namespace OrleansContrastive.Learning.Negatives.Sampling;

/// <summary>A pass that sums exponentials over some ranges of rows, at one temperature or several.</summary>
internal sealed class SoftmaxPass : IContrastPass
{
    private readonly torch.Tensor _queries;
    private readonly ContrastCall _call;
    private readonly INegativeRows _rows;
    private readonly IReadOnlyList<(int First, int Count)> _ranges;
    private readonly double[] _temperatures;
    private readonly List<PartialSoftmax>[] _parts;

    /// <param name="queries">[B, D]; kept beyond the caller's scope.</param>
    /// <param name="call">What the contrast is about.</param>
    /// <param name="rows">The rows; disposed of with the pass where they are <see cref="ChosenRows"/>.</param>
    /// <param name="ranges">Which of them count.</param>
    /// <param name="temperatures">One part of the answer for each.</param>
    public SoftmaxPass(
        torch.Tensor queries, ContrastCall call, INegativeRows rows, IReadOnlyList<(int First, int Count)> ranges, params double[] temperatures)
    {
        using var detached = queries.detach();
        _queries = detached.clone().DetachFromDisposeScope();
        (_call, _rows, _ranges, _temperatures) = (call, rows, ranges, temperatures);
        _parts = [.. temperatures.Select(_ => new List<PartialSoftmax>())];
    }

    public IEnumerable<(int First, int Count)> Ranges(int maxRows) => Cut(_ranges, maxRows);

    public void Add(int first, int count)
    {
        for (var i = 0; i < _temperatures.Length; i++)
            _parts[i].Add(ShardContrast.Compute(_queries, _call.SampleIds, _rows, _temperatures[i], first, count));
    }

    public PartialSoftmax[] Finish() => [.. _parts.Select(parts =>
        parts.Count == 0 ? PartialSoftmax.Empty((int)_queries.shape[0], _rows.Width) : PartialSoftmax.Merge(parts))];

    public void Dispose()
    {
        _queries.Dispose();
        (_rows as ChosenRows)?.Dispose();
    }

    /// <summary>Cuts ranges into pieces of at most so many rows.</summary>
    internal static IEnumerable<(int First, int Count)> Cut(IEnumerable<(int First, int Count)> ranges, int maxRows)
    {
        foreach (var (first, count) in ranges)
        {
            for (var done = 0; done < count; done += maxRows) yield return (first + done, Math.Min(maxRows, count - done));
        }
    }
}
