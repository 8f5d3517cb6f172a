using OrleansContrastive.Learning.Losses;
using TorchSharp;

namespace OrleansContrastive.Learning.Negatives.Sampling;

/// <summary>InfoNCE over a choice of rows: strategies differ in the choice alone.</summary>
public abstract class SoftmaxSampling : INegativeSampling
{
    /// <inheritdoc/>
    public int Parts => 1;

    /// <inheritdoc/>
    public abstract IContrastPass Begin(torch.Tensor queries, ContrastCall call, INegativeRows rows);

    /// <inheritdoc/>
    public PartialSoftmax[] Join(IReadOnlyList<PartialSoftmax[]> answers) => [PartialSoftmax.Merge([.. answers.Select(answer => answer[0])])];

    /// <inheritdoc/>
    public LossValue Evaluate(
        ReadOnlySpan<double> queries, ReadOnlySpan<double> positives, PartialSoftmax[] answer, double temperature, Span<double> gradient) =>
        MergedInfoNce.Evaluate(queries, positives, answer[0], temperature, gradient);
}

/// <summary>Every row counts: InfoNCE over the whole queue or bank (He et al. 2020, eq. 1).</summary>
public sealed class AllRows : SoftmaxSampling
{
    /// <inheritdoc/>
    public override IContrastPass Begin(torch.Tensor queries, ContrastCall call, INegativeRows rows) =>
        new SoftmaxPass(queries, call, rows, [(0, rows.Count)], call.Temperature);
}

/// <summary>Only the newest rows count: those that nearly the present key encoder made.</summary>
/// <param name="window">Rows of all homes together; at least 1.</param>
public sealed class RecentRows(int window) : SoftmaxSampling
{
    /// <inheritdoc/>
    public override IContrastPass Begin(torch.Tensor queries, ContrastCall call, INegativeRows rows) =>
        new SoftmaxPass(queries, call, rows, rows.Newest(call.Share(window)), call.Temperature);
}

/// <summary>
/// Rows drawn uniformly with replacement, the same for all queries of a lease, by (seed, lease, home): the draw is part of
/// what a seed means. Where there are no more rows than asked for, all count.
/// </summary>
/// <param name="draws">Rows of all homes together; at least 1.</param>
public sealed class UniformRows(int draws) : SoftmaxSampling
{
    /// <inheritdoc/>
    public override IContrastPass Begin(torch.Tensor queries, ContrastCall call, INegativeRows rows)
    {
        var mine = call.Share(draws);
        if (mine >= rows.Count) return new SoftmaxPass(queries, call, rows, [(0, rows.Count)], call.Temperature);
        var stream = new Random.RandomStream(call.Seed, Random.RandomPurpose.NegativeSampling, (ulong)call.Step, (ulong)call.Shard);
        var chosen = new int[mine];
        for (var i = 0; i < mine; i++) chosen[i] = stream.NextInt(rows.Count);
        return new SoftmaxPass(queries, call, new ChosenRows(rows, chosen, queries.dtype, queries.device), [(0, mine)], call.Temperature);
    }
}
