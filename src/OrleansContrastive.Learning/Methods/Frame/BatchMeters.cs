using OrleansContrastive.Learning.Losses;
using TorchSharp;
using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Methods.Frame;

/// <summary>Meters of losses that need no memory, measured beside the loss and without gradient.</summary>
public static class BatchMeters
{
    /// <summary>How well the rows of one view find those of the other among the batch.</summary>
    /// <param name="first">[B, D], of any length: they are normalised here.</param>
    /// <param name="second">[B, D].</param>
    /// <param name="temperature">T of the softmax behind the entropy.</param>
    /// <param name="chance">What a network that tells nothing apart would lose; null = ln B.</param>
    /// <param name="negatives">Negatives that count for a row; null = B − 1.</param>
    public static PairMeters Pairs(Tensor first, Tensor second, double temperature, double? chance = null, double? negatives = null) =>
        new(first, second, temperature, Measure(first, second, temperature, chance, negatives));

    private static LossValue Measure(Tensor first, Tensor second, double temperature, double? chance, double? negatives)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var batch = first.shape[0];
        var cosines = Embeddings.Unit(first.detach()).mm(Embeddings.Unit(second.detach()).t());
        var positives = cosines.diagonal();
        // Ties count as misses, so that a collapsed network shows 0.
        var others = cosines.sub(eye(batch, dtype: cosines.dtype, device: cosines.device).mul(4)).amax([1]);
        var logits = cosines.div(temperature);
        var entropy = logits.softmax(1).mul(logits.log_softmax(1)).sum(1).neg();
        return new(
            (int)batch, 0, chance ?? Math.Log(batch), negatives ?? batch - 1, Mean(positives), Mean(positives.gt(others)), Mean(entropy));
    }

    /// <summary>How well classes are told.</summary>
    /// <param name="logits">[B, classes].</param>
    /// <param name="classes">[B].</param>
    public static LossValue Classes(Tensor logits, Tensor classes)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var values = logits.detach();
        var entropy = values.softmax(1).mul(values.log_softmax(1)).sum(1).neg();
        return new(
            (int)values.shape[0], 0, Math.Log(values.shape[1]), values.shape[1] - 1, 0, Mean(values.argmax(1).eq(classes)), Mean(entropy));
    }

    private static double Mean(Tensor values) => values.to_type(ScalarType.Float64).mean().item<double>();
}

/// <summary>Rows and their positives in a batch, and what was measured of them.</summary>
/// <param name="Rows">[B, D], of any length.</param>
/// <param name="Positives">[B, D].</param>
/// <param name="Temperature">T of the softmax behind the entropies.</param>
/// <param name="Value">The meters.</param>
public sealed record PairMeters(Tensor Rows, Tensor Positives, double Temperature, LossValue Value);
