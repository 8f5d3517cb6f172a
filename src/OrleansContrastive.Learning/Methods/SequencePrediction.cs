using OrleansContrastive.Learning.Encoders;
using OrleansContrastive.Learning.Heads;
using OrleansContrastive.Learning.Losses;
using OrleansContrastive.Learning.Methods.Frame;
using TorchSharp;
using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Methods;

/// <summary>Options of <see cref="SequencePrediction"/>.</summary>
public sealed record SequencePredictionOptions
{
    /// <summary>K: latents that are foretold. The paper has 12, of sequences four times as long.</summary>
    public int Steps { get; init; } = 4;

    /// <summary>Latents of the same sequence at other times are negatives too.</summary>
    public bool OtherTimes { get; init; } = true;
}

/// <summary>Contrastive predictive coding on sequences (van den Oord et al. 2018, sections 2.2 and 3.1): the context c_t foretells the latents z_{t+k}, k = 1 … K.</summary>
/// <remarks>
/// L = mean over k, t and samples of −ln exp(z_{t+k} · W_k c_t / T) / Σ exp(z · W_k c_t / T), where z runs over the latents of all samples of the batch at t + k and, with <c>OtherTimes</c>, over those
/// of the own sample at all times that step k foretells. T is the run's temperature; the paper has none. Images are signals of S · S samples, row by row, and are not augmented.
/// </remarks>
public sealed class SequencePrediction : IContrastiveMethod
{
    // Less than any score, and finite: entropies multiply it by 0.
    private const double Excluded = 1e9;

    private readonly SequencePredictionOptions _options;
    private readonly double _temperature;

    /// <summary>Makes the method.</summary>
    /// <exception cref="ArgumentException">No step is foretold.</exception>
    public SequencePrediction(MethodContext context, SequencePredictionOptions options)
    {
        if (options.Steps < 1) throw new ArgumentException($"CPC foretells 1 step or more, found {options.Steps}.");
        (_options, _temperature) = (options, context.Temperature);
        Plan = new()
        {
            QueryViews = [0],
            Input = EncoderInput.Sequences,
            PlainViews = true,
            Guard = null,
            Parts = [new("steps", (layers, widths) => new LinearLayer(layers, widths.Features, options.Steps * widths.Features, bias: false))],
        };
    }

    /// <inheritdoc/>
    public MethodPlan Plan { get; }

    /// <inheritdoc/>
    public EncodedBatch Encode(MethodBatch batch)
    {
        var (latents, contexts) = batch.Model.Sequence(batch.Views[0]);
        var (count, times, width) = (contexts.shape[0], contexts.shape[1], contexts.shape[2]);
        if (times < 2) throw new InvalidOperationException($"A sequence needs 2 latents or more, so that one can foretell another; found {times} in views of {batch.Views[0].shape[2]} pixels.");
        var foretold = batch.Model.Through("steps", contexts.reshape(-1, width));
        return new(batch, outputs: [foretold.view(count, times, _options.Steps, width), latents]);
    }

    /// <inheritdoc/>
    public MethodLoss Loss(EncodedBatch encoded, MethodTargets targets)
    {
        var (foretold, latents) = (encoded.Outputs[0], encoded.Outputs[1]);
        var steps = (int)Math.Min(_options.Steps, latents.shape[1] - 1);
        Tensor? loss = null;
        var meters = new List<(LossValue, double)>();
        for (var step = 1; step <= steps; step++)
        {
            var logits = Scores(foretold.select(2, step - 1).narrow(1, 0, latents.shape[1] - step), latents.narrow(1, step, latents.shape[1] - step)).div(_temperature);
            var classes = arange(latents.shape[0], device: logits.device).repeat(latents.shape[1] - step);
            var part = nn.functional.cross_entropy(logits, classes);
            loss = loss is null ? part : loss + part;
            meters.Add((BatchMeters.Classes(logits, classes), 1));
        }

        return new(loss!.div(steps), LossValue.Weighted(meters) with { Samples = encoded.SampleIds.Length });
    }

    /// <summary>[B, t, F] and [B, t, F] to [t · B, B (+ t)]: row (t, b) has the latents of all samples at its time, its own in column b, and then those of its sample at all times.</summary>
    private Tensor Scores(Tensor foretold, Tensor latents)
    {
        using var scope = NewDisposeScope();
        var times = latents.shape[1];
        var scores = foretold.transpose(0, 1).bmm(latents.permute(1, 2, 0));
        if (_options.OtherTimes)
        {
            var own = foretold.bmm(latents.transpose(1, 2)).sub(eye(times, dtype: latents.dtype, device: latents.device).mul(Excluded));
            scores = cat([scores, own.transpose(0, 1)], 2);
        }

        return scores.reshape(-1, scores.shape[2]).MoveToOuterDisposeScope();
    }
}
