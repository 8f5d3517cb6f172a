using OrleansContrastive.Learning.Losses;
using TorchSharp;

namespace OrleansContrastive.Learning.Negatives.Sampling;

/// <summary>
/// Which negatives count and how much: one way of making a loss of queries, positives and rows that lie at several places.
/// The home of the rows (a shard, or a mirror) computes a pass; the encoder joins the answers and evaluates them.
/// </summary>
/// <remarks>Every answer is a fixed number of <see cref="PartialSoftmax"/>: B x (D + 3) numbers each. Immutable and thread-safe.</remarks>
public interface INegativeSampling
{
    /// <summary>Partial softmaxes of one answer.</summary>
    int Parts { get; }

    /// <summary>Begins a pass over the rows of one home.</summary>
    /// <param name="queries">[B, D] unit rows, on the device of the rows.</param>
    /// <param name="call">What the contrast is about.</param>
    /// <param name="rows">The rows.</param>
    IContrastPass Begin(torch.Tensor queries, ContrastCall call, INegativeRows rows);

    /// <summary>Joins the answers of all homes, in their order.</summary>
    /// <param name="answers">One answer per home, each of <see cref="Parts"/> parts.</param>
    PartialSoftmax[] Join(IReadOnlyList<PartialSoftmax[]> answers);

    /// <summary>The loss and its gradient.</summary>
    /// <param name="queries">[B, D] unit rows.</param>
    /// <param name="positives">[B, D] unit rows.</param>
    /// <param name="answer">What <see cref="Join"/> gave.</param>
    /// <param name="temperature">T.</param>
    /// <param name="gradient">Receives [B, D], the gradient of the batch's mean loss with respect to the queries.</param>
    LossValue Evaluate(
        ReadOnlySpan<double> queries, ReadOnlySpan<double> positives, PartialSoftmax[] answer, double temperature, Span<double> gradient);
}

/// <summary>A pass over one home's rows, range by range, so that no job of its executor takes long. On that executor's thread.</summary>
public interface IContrastPass : IDisposable
{
    /// <summary>The rows to go through, each range of at most so many.</summary>
    IEnumerable<(int First, int Count)> Ranges(int maxRows);

    /// <summary>Takes a range in.</summary>
    void Add(int first, int count);

    /// <summary>The answer, after all ranges.</summary>
    PartialSoftmax[] Finish();
}

/// <summary>What a contrast is about, beside queries and rows.</summary>
public sealed record ContrastCall
{
    /// <summary>Temperature T; above 0.</summary>
    public required double Temperature { get; init; }

    /// <summary>Sample of each query; rows of the same sample are masked. Empty = none is.</summary>
    public long[] SampleIds { get; init; } = [];

    /// <summary>Rows of a query's own sample count, though its sample is given: noise is drawn by it (as released by Wu et al. 2018).</summary>
    public bool KeepsOwn { get; init; }

    /// <summary>Seed of the run.</summary>
    public ulong Seed { get; init; }

    /// <summary>Lease, or step of a plain loop: draws differ from one to the next.</summary>
    public long Step { get; init; }

    /// <summary>Epochs behind the lease, with the fraction of the one it is in: a function of the lease, so all homes agree on it.</summary>
    public double Epoch { get; init; }

    /// <summary>Number of this home among <see cref="Shards"/>.</summary>
    public int Shard { get; init; }

    /// <summary>Homes that the rows are spread over.</summary>
    public int Shards { get; init; } = 1;

    /// <summary>This home's part of a number of rows.</summary>
    internal int Share(int rows) => (rows / Shards) + (Shard < rows % Shards ? 1 : 0);
}
