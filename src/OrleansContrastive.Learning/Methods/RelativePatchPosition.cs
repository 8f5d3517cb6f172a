using OrleansContrastive.Learning.Encoders;
using OrleansContrastive.Learning.Heads;
using OrleansContrastive.Learning.Methods.Frame;
using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Methods;

/// <summary>Relative patch position (Doersch et al. 2015): at which of eight places around the middle patch does another one lie?</summary>
/// <remarks>Each patch keeps one of its colours. None is mirrored by itself: nobody could tell left from right then.</remarks>
public sealed class RelativePatchPosition : IContrastiveMethod
{
    private const int Cells = 3;
    private const int Middle = 4;
    private const int Places = 8;

    /// <inheritdoc/>
    public MethodPlan Plan { get; } = new() { QueryViews = [0], Input = EncoderInput.Images, Guard = null, Parts = [Parts.Classifier("place", Places, inputs: 2)] };

    /// <inheritdoc/>
    public EncodedBatch Encode(MethodBatch batch)
    {
        var model = batch.Model;
        var pieces = new PatchNoise(batch.Position).Apply(Patches.Jigsaw(batch.Views[0], Cells, batch.Position).flatten(0, 1), mirror: false);
        using (pieces)
        {
            var features = model.MapFeatures(pieces).view(Cells * Cells, batch.Count, -1);
            var index = tensor(Around(batch.Position, batch.SampleIds).Select(Cell).ToArray(), [1, batch.Count, 1], device: features.device);
            var others = features.gather(0, index.expand(1, -1, features.shape[2])).squeeze(0);
            return new(batch, outputs: [model.Through("place", cat([features.select(0, Middle), others], 1))]);
        }
    }

    /// <inheritdoc/>
    public MethodLoss Loss(EncodedBatch encoded, MethodTargets targets)
    {
        var logits = encoded.Outputs[0];
        var places = tensor(Around(encoded.Position, encoded.SampleIds), device: logits.device);
        return new(nn.functional.cross_entropy(logits, places), BatchMeters.Classes(logits, places));
    }

    private static long[] Around(StepPosition position, long[] samples) => Patches.Draw(position, samples, Places);

    private static long Cell(long place) => place < Middle ? place : place + 1;
}
