using OrleansContrastive.Learning.Encoders;
using OrleansContrastive.Learning.Heads;
using OrleansContrastive.Learning.Methods.Frame;
using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Methods;

/// <summary>Rotation prediction (Gidaris et al. 2018): by how many right angles was the image turned? Every image is shown in all four positions.</summary>
public sealed class RotationPrediction : IContrastiveMethod
{
    private const int Turns = 4;

    /// <inheritdoc/>
    public MethodPlan Plan { get; } = new() { QueryViews = [0], Input = EncoderInput.Images, Guard = null, Parts = [Parts.Linear("turns", Turns)] };

    /// <inheritdoc/>
    public EncodedBatch Encode(MethodBatch batch)
    {
        var turned = cat([.. Enumerable.Range(0, Turns).Select(turn => Patches.Turn(batch.Views[0], turn))]);
        return new(batch, outputs: [batch.Model.Through("turns", batch.Model.Features(turned))]);
    }

    /// <inheritdoc/>
    public MethodLoss Loss(EncodedBatch encoded, MethodTargets targets)
    {
        var logits = encoded.Outputs[0];
        var turns = arange(Turns, device: logits.device).repeat_interleave(logits.shape[0] / Turns);
        return new(nn.functional.cross_entropy(logits, turns), BatchMeters.Classes(logits, turns) with { Samples = encoded.SampleIds.Length });
    }
}
