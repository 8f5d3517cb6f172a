using OrleansContrastive.Learning.Encoders;
using OrleansContrastive.Learning.Heads;
using OrleansContrastive.Learning.Methods.Frame;
using TorchSharp;
using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Methods;

/// <summary>Options of <see cref="Colorization"/>.</summary>
public sealed record ColorizationOptions
{
    /// <summary>Steps along each of the two axes of colour; the classes are their square.</summary>
    public int Steps { get; init; } = 6;
}

/// <summary>Colorization (Zhang et al. 2016): which colour does each place of a grey image have?</summary>
/// <remarks>Views are normalised, so the two axes of colour are differences of channels (red − green, and blue − the mean of both) where the paper takes Lab's a and b; they are cut into equal
/// steps from −2 to 2 deviations. The loss is a softmax over the classes at each place of the feature map, without the paper's rebalancing.</remarks>
public sealed class Colorization : IContrastiveMethod
{
    private const double Range = 2;

    private readonly ColorizationOptions _options;

    /// <summary>Makes the method.</summary>
    /// <exception cref="ArgumentException">The images have no colours, or there are fewer than two steps.</exception>
    public Colorization(MethodContext context, ColorizationOptions options)
    {
        if (context.Channels != 3) throw new ArgumentException($"Colorization needs images of 3 channels, found {context.Channels}.");
        if (options.Steps < 2) throw new ArgumentException($"Colorization needs 2 steps of colour or more, found {options.Steps}.");
        _options = options;
        Plan = new() { QueryViews = [0], Input = EncoderInput.Images, Grey = true, Guard = null, Parts = [Parts.Linear("colours", options.Steps * options.Steps)] };
    }

    /// <inheritdoc/>
    public MethodPlan Plan { get; }

    /// <inheritdoc/>
    public EncodedBatch Encode(MethodBatch batch)
    {
        var views = batch.Views[0];
        var map = batch.Model.FeatureMap(views);
        var places = map.to_type(views.dtype).permute(0, 2, 3, 1).reshape(-1, map.shape[1]);
        return new(batch, outputs: [batch.Model.Through("colours", places), Classes(views, map.shape[2], map.shape[3])]);
    }

    /// <inheritdoc/>
    public MethodLoss Loss(EncodedBatch encoded, MethodTargets targets)
    {
        var (logits, colours) = (encoded.Outputs[0], encoded.Outputs[1]);
        return new(nn.functional.cross_entropy(logits, colours), BatchMeters.Classes(logits, colours) with { Samples = encoded.SampleIds.Length });
    }

    private Tensor Classes(Tensor views, long height, long width)
    {
        using var scope = NewDisposeScope();
        var small = nn.functional.adaptive_avg_pool2d(views, [height, width]);
        var (red, green, blue) = (small.select(1, 0), small.select(1, 1), small.select(1, 2));
        var first = Step(red - green);
        var second = Step(blue - ((red + green) * 0.5));
        return first.mul(_options.Steps).add(second).view(-1).MoveToOuterDisposeScope();
    }

    private Tensor Step(Tensor values) =>
        values.add(Range).mul(_options.Steps / (2 * Range)).floor().clamp(0, _options.Steps - 1).to_type(ScalarType.Int64);
}
