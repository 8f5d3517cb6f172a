using OrleansContrastive.Learning.Losses;
using OrleansContrastive.Learning.Methods.Frame;
using TorchSharp;
using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Methods;

/// <summary>Options of <see cref="NPairNetwork"/>.</summary>
public sealed record NPairOptions
{
    /// <summary>What makes a positive.</summary>
    public LabelSource Labels { get; init; } = LabelSource.Classes;

    /// <summary>λ of the embeddings' squared length, which are not normalised (0.002 is as commonly cited; released codes differ in how they count it).</summary>
    public double Penalty { get; init; } = 0.002;
}

/// <summary>The N-pair network (Sohn 2016): an anchor finds its positive among the positives of N − 1 other classes at once.</summary>
/// <remarks>The rows of each label in a batch are paired in order; the first pairs of all labels make one group of N, the second pairs the next, and the loss is the mean over all pairs.</remarks>
public sealed class NPairNetwork(MethodContext context, NPairOptions options) : IContrastiveMethod
{
    /// <inheritdoc/>
    public MethodPlan Plan { get; } = new() { NeedsLabels = options.Labels == LabelSource.Classes };

    /// <inheritdoc/>
    public EncodedBatch Encode(MethodBatch batch) => new(batch, outputs: batch.Views.Select(batch.Network.forward));

    /// <inheritdoc/>
    public MethodLoss Loss(EncodedBatch encoded, MethodTargets targets)
    {
        var (first, second) = (encoded.Outputs[0], encoded.Outputs[1]);
        var rows = cat([first, second]);
        var groups = Groups(BatchLabels.Of(encoded, options.Labels));
        Tensor? loss = null;
        var pairs = 0;
        foreach (var group in groups)
        {
            var part = NPair.Loss(Rows(group.Select(pair => pair.Anchor)), Rows(group.Select(pair => pair.Positive)), options.Penalty).mul(group.Count);
            loss = loss is null ? part : loss + part;
            pairs += group.Count;
        }

        var chance = groups.Sum(group => group.Count * Math.Log(group.Count)) / Math.Max(1, pairs);
        return new(loss is null ? rows.sum().mul(0) : loss.div(pairs), BatchMeters.Pairs(first, second, context.Temperature, chance, (double)pairs / Math.Max(1, groups.Count)));

        Tensor Rows(IEnumerable<int> wanted) => rows.index_select(0, tensor(wanted.Select(row => (long)row).ToArray(), device: rows.device));
    }

    private static List<List<(int Anchor, int Positive)>> Groups(long[] labels)
    {
        var pairs = Enumerable.Range(0, labels.Length).GroupBy(row => labels[row])
            .SelectMany(rows => rows.Chunk(2).Where(pair => pair.Length == 2).Select((pair, turn) => (Turn: turn, Pair: (pair[0], pair[1]))));
        // One pair alone has nothing to be told from.
        return [.. pairs.GroupBy(pair => pair.Turn).Select(group => group.Select(pair => pair.Pair).ToList()).Where(group => group.Count > 1)];
    }
}
