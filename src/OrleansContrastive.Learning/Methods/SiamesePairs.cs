using OrleansContrastive.Learning.Losses;
using OrleansContrastive.Learning.Methods.Frame;
using OrleansContrastive.Learning.Random;
using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Methods;

/// <summary>Options of <see cref="SiamesePairs"/>.</summary>
public sealed record SiameseOptions
{
    /// <summary>What makes a pair genuine.</summary>
    public LabelSource Labels { get; init; } = LabelSource.Classes;

    /// <summary>Distance that impostors are pushed to; rows have length 1, so it lies between 0 and 2.</summary>
    public double Margin { get; init; } = 1;
}

/// <summary>The siamese network with the contrastive loss (Hadsell et al. 2006): genuine pairs are drawn together, impostor pairs pushed apart up to a margin.</summary>
/// <remarks>Every first view makes one genuine pair, with a second view of its label, and one impostor pair, with a second view of another label, both drawn at random. A batch
/// of one label has no impostors.</remarks>
public sealed class SiamesePairs(MethodContext context, SiameseOptions options) : IContrastiveMethod
{
    /// <inheritdoc/>
    public MethodPlan Plan { get; } = new() { NeedsLabels = options.Labels == LabelSource.Classes };

    /// <inheritdoc/>
    public EncodedBatch Encode(MethodBatch batch) =>
        new(batch, outputs: batch.Views.Select(views => Embeddings.Unit(batch.Network.forward(views))));

    /// <inheritdoc/>
    public MethodLoss Loss(EncodedBatch encoded, MethodTargets targets)
    {
        var (first, second) = (encoded.Outputs[0], encoded.Outputs[1]);
        var pairs = Pairs(BatchLabels.Of(encoded, options.Labels, views: 1), encoded.Position);
        long[] left = [.. pairs.Select(pair => (long)pair.First)];
        long[] right = [.. pairs.Select(pair => (long)pair.Second)];
        var loss = ContrastivePairs.Loss(
            first.index_select(0, tensor(left, device: first.device)),
            second.index_select(0, tensor(right, device: first.device)),
            [.. pairs.Select(pair => pair.Genuine)],
            options.Margin);
        return new(loss, BatchMeters.Pairs(first, second, context.Temperature, chance: 0, negatives: 1));
    }

    private static List<(int First, int Second, bool Genuine)> Pairs(long[] labels, StepPosition position)
    {
        var byLabel = Enumerable.Range(0, labels.Length).ToLookup(row => labels[row]);
        var stream = new RandomStream(position.Seed, RandomPurpose.Pretext, (ulong)position.Lease, 0);
        var pairs = new List<(int, int, bool)>();
        for (var row = 0; row < labels.Length; row++)
        {
            var like = byLabel[labels[row]].ToArray();
            pairs.Add((row, like[stream.NextInt(like.Length)], true));
            if (like.Length == labels.Length) continue;
            int other;
            do other = stream.NextInt(labels.Length);
            while (labels[other] == labels[row]);
            pairs.Add((row, other, false));
        }

        return pairs;
    }
}
