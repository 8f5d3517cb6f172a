using OrleansContrastive.Learning.Encoders;
using OrleansContrastive.Learning.Heads;
using OrleansContrastive.Learning.Methods.Frame;
using TorchSharp;
using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Methods;

/// <summary>Frame order (Misra et al. 2016, Shuffle and Learn; Lee et al. 2017, sorting sequences): in which order do the frames of a sequence come, where forwards and
/// backwards count as one?</summary>
/// <remarks>An image shows four frames of a sequence, two by two, row by row (as <c>image-sequences</c> data sets give them).</remarks>
public sealed class FrameOrder : IContrastiveMethod
{
    private const int Side = 2;
    private const int Frames = Side * Side;

    // One of each order and its reverse.
    private static readonly long[][] Orders = [.. Permutations([0, 1, 2, 3]).Where(order => order[0] < order[^1])];

    /// <inheritdoc/>
    public MethodPlan Plan { get; } = new() { QueryViews = [0], Input = EncoderInput.Images, PlainViews = true, Guard = null, Parts = [Parts.Classifier("order", Orders.Length, inputs: Frames)] };

    /// <inheritdoc/>
    public EncodedBatch Encode(MethodBatch batch)
    {
        var (model, size) = (batch.Model, batch.Views[0].shape[2] / Side);
        var frames = batch.Views[0].unfold(2, size, size).unfold(3, size, size).permute(2, 3, 0, 1, 4, 5).reshape(-1, batch.Views[0].shape[1], size, size);
        long[][] places = [.. Drawn(batch.Position, batch.SampleIds).Select(order => Orders[order])];
        return new(batch, outputs: [model.Through("order", Patches.Arrange(model.MapFeatures(frames), places))]);
    }

    /// <inheritdoc/>
    public MethodLoss Loss(EncodedBatch encoded, MethodTargets targets)
    {
        var logits = encoded.Outputs[0];
        var orders = tensor(Drawn(encoded.Position, encoded.SampleIds), device: logits.device);
        return new(nn.functional.cross_entropy(logits, orders), BatchMeters.Classes(logits, orders));
    }

    private static long[] Drawn(StepPosition position, long[] samples) => Patches.Draw(position, samples, Orders.Length);

    private static IEnumerable<long[]> Permutations(long[] values) => values.Length == 1
        ? [values]
        : values.SelectMany(first => Permutations([.. values.Where(value => value != first)]).Select(rest => (long[])[first, .. rest]));
}
