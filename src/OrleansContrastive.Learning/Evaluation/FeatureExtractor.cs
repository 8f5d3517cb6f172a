using OrleansContrastive.Learning.Encoders;
using TorchSharp;
using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Evaluation;

/// <summary>Turns images into rows of numbers. Stateless; on the model's thread.</summary>
public static class FeatureExtractor
{
    /// <summary>Features of a batch, one pass through the encoder for all kinds of them.</summary>
    /// <param name="model">The network, in evaluation mode; null where only pixels are asked for.</param>
    /// <param name="views">Plain views [B, C, H, W].</param>
    /// <param name="kinds">What is wanted.</param>
    /// <param name="unit">Whether rows are divided by their lengths.</param>
    /// <returns>For each kind its rows, flat [B x width].</returns>
    public static float[][] Extract(ContrastiveModel? model, Tensor views, IReadOnlyList<FeatureKind> kinds, bool unit = true)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        Tensor? encoded = null;
        return [.. kinds.Select(kind => Rows(kind))];

        Tensor Encoded() => encoded ??= Network().Encode(views);

        // Pooled in float32, whatever the network computes in.
        Tensor Map() => Network().MapOf(Encoded(), views).to_type(ScalarType.Float32);

        ContrastiveModel Network() => model ?? throw new ArgumentNullException(nameof(model), "Only pixels can be compared without a network.");

        float[] Rows(FeatureKind kind)
        {
            var features = kind switch
            {
                FeatureKind.Encoder => Network().FeaturesOf(Encoded()),
                FeatureKind.EncoderGrid => nn.functional.adaptive_avg_pool2d(Map(), [2, 2]),
                FeatureKind.Head => Network().forward(views),
                _ => views,
            };
            var rows = features.flatten(1).to_type(ScalarType.Float32);
            if (unit) rows = nn.functional.normalize(rows, p: 2, dim: 1);
            return rows.cpu().contiguous().data<float>().ToArray();
        }
    }
}
