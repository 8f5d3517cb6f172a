using TorchSharp;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Encoders;

/// <summary>What the norms of a residual network take their mean and variance over.</summary>
public enum NormKind
{
    /// <summary>Each channel, over the images of the batch and the places of the map (<see cref="SplitBatchNorm"/>).</summary>
    Batch,

    /// <summary>Each image, over the channels and the places of the map (<see cref="MapLayerNorm"/>).</summary>
    Layer,
}

/// <summary>A norm within a residual network, with what stands behind it there.</summary>
/// <param name="name">Name of the class, for messages.</param>
public abstract class MapNorm(string name) : nn.Module<Tensor, Tensor>(name)
{
    /// <summary>[B, C] or [B, C, H, W] to the same shape.</summary>
    public override Tensor forward(Tensor input) => Normalize(input, rectify: false);

    /// <summary>Normalises, adds a shortcut, rectifies.</summary>
    /// <param name="input">[B, C] or [B, C, H, W].</param>
    /// <param name="rectify">Whether a ReLU ends it.</param>
    /// <param name="shortcut">Added before the ReLU; of the shape of the input.</param>
    /// <param name="reuseInput">Whether the input's memory may take the output when no gradient is recorded.</param>
    public abstract Tensor Normalize(Tensor input, bool rectify, Tensor? shortcut = null, bool reuseInput = false);

    internal static MapNorm Create(LayerContext context, NormKind kind, int channels, double scale = 1) =>
        kind == NormKind.Layer ? new MapLayerNorm(context, channels, scale) : new SplitBatchNorm(context, channels, scale: scale);
}

/// <summary>
/// Layer norm of a feature map (Ba et al. 2016): every image by the mean and variance of all its C · H · W numbers, then scaled and shifted channel by channel, which is group norm
/// with one group. No image knows of another, nor a patch of another, and there are no running statistics.
/// </summary>
/// <remarks>CPC v2 (Hénaff et al. 2020, section 3.1) has layer norm in place of batch norm and cites Ba et al.; over which axes it does not say, nor whether scale and shift are of the
/// channels or of every place. Group norm with one group is what public replications take.</remarks>
public sealed class MapLayerNorm : MapNorm
{
    private const double Epsilon = 1e-5;

    [ComponentName(Name = "weight")]
    private readonly Parameter _weight;

    [ComponentName(Name = "bias")]
    private readonly Parameter _bias;

    private readonly ScalarType _type;

    /// <summary>Makes the layer.</summary>
    /// <param name="context">Where weights come from.</param>
    /// <param name="channels">C.</param>
    /// <param name="scale">What its weights start at.</param>
    public MapLayerNorm(LayerContext context, int channels, double scale = 1)
        : base(nameof(MapLayerNorm))
    {
        ArgumentNullException.ThrowIfNull(context);
        _type = context.MasterType;
        (_weight, _bias) = (context.Constant([channels], scale), context.Constant([channels], 0));
        RegisterComponents();
    }

    /// <inheritdoc/>
    public override Tensor Normalize(Tensor input, bool rectify, Tensor? shortcut = null, bool reuseInput = false)
    {
        using var scope = NewDisposeScope();
        var y = nn.functional.group_norm(input.to_type(_type), 1, _weight, _bias, Epsilon);
        if (shortcut is not null) y = y + shortcut.to_type(_type);
        if (rectify) y = nn.functional.relu(y);
        return y.MoveToOuterDisposeScope();
    }
}
