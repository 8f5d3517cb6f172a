using OrleansContrastive.Learning.Encoders;
using OrleansContrastive.Learning.Heads;
using OrleansContrastive.Learning.Methods.Frame;
using OrleansContrastive.Learning.Random;
using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Methods;

/// <summary>Options of <see cref="JigsawPermutation"/>.</summary>
public sealed record JigsawOptions
{
    /// <summary>Orders to be told apart; the paper has 1000 and 64 for small networks.</summary>
    public int Orders { get; init; } = 64;
}

/// <summary>Jigsaw (Noroozi and Favaro 2016): in which of so many orders do the nine cells of the image come?</summary>
/// <remarks>The orders are chosen once, each as far as possible from those before it (the paper's greedy choice by Hamming distance, among 100 random candidates).</remarks>
public sealed class JigsawPermutation(JigsawOptions options) : IContrastiveMethod
{
    private const int Cells = 3;
    private const int Pieces = Cells * Cells;
    private const int Candidates = 100;

    private readonly long[][] _orders = Choose(options.Orders);

    /// <inheritdoc/>
    public MethodPlan Plan { get; } = new() { QueryViews = [0], Input = EncoderInput.Images, Guard = null, Parts = [Parts.Classifier("order", options.Orders, inputs: Pieces)] };

    /// <inheritdoc/>
    public EncodedBatch Encode(MethodBatch batch)
    {
        var model = batch.Model;
        var pieces = Patches.Jigsaw(batch.Views[0], Cells, batch.Position);
        long[][] places = [.. Drawn(batch.Position, batch.SampleIds).Select(order => _orders[order])];
        return new(batch, outputs: [model.Through("order", Patches.Arrange(model.MapFeatures(pieces.flatten(0, 1)), places))]);
    }

    /// <inheritdoc/>
    public MethodLoss Loss(EncodedBatch encoded, MethodTargets targets)
    {
        var logits = encoded.Outputs[0];
        var orders = tensor(Drawn(encoded.Position, encoded.SampleIds), device: logits.device);
        return new(nn.functional.cross_entropy(logits, orders), BatchMeters.Classes(logits, orders));
    }

    private long[] Drawn(StepPosition position, long[] samples) => Patches.Draw(position, samples, _orders.Length);

    private static long[][] Choose(int count)
    {
        if (count < 2) throw new ArgumentException($"A jigsaw tells 2 orders or more apart, found {count}.", nameof(count));
        // Not by the run's seed: the classes mean the same in every run.
        var stream = new RandomStream(0, RandomPurpose.Pretext, 0, 0);
        var chosen = new List<long[]> { Permutation.Draw(Pieces, ref stream) };
        while (chosen.Count < count)
        {
            var (best, farthest) = (chosen[0], -1);
            for (var candidate = 0; candidate < Candidates; candidate++)
            {
                var order = Permutation.Draw(Pieces, ref stream);
                var distance = chosen.Min(other => other.Zip(order).Count(pair => pair.First != pair.Second));
                if (distance > farthest) (best, farthest) = (order, distance);
            }

            chosen.Add(best);
        }

        return [.. chosen];
    }
}
