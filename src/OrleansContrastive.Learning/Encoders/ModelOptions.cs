using OrleansContrastive.Learning.Devices;
using TorchSharp;

namespace OrleansContrastive.Learning.Encoders;

/// <summary>How a model computes, as opposed to what it is.</summary>
public sealed record ModelOptions
{
    /// <summary>The numbers that layers compute with.</summary>
    public Precision Precision { get; init; } = Precision.Float32;

    /// <summary>
    /// The parts of a batch that batch norm normalises each by its own statistics, as if each were a device of its own
    /// (MoCo, section 3.3); 1 or more.
    /// </summary>
    public int BatchNormSplits { get; init; } = 1;

    /// <summary>Whether weight decay also applies to batch-norm parameters and biases, as in MoCo's released code.</summary>
    public bool DecayNormsAndBiases { get; init; } = true;

    /// <summary>
    /// Whether activations lie in memory with the channels innermost; null chooses: always on a processor (measured 1.5
    /// times faster there), and with bfloat16.
    /// </summary>
    public bool? ChannelsLast { get; init; }

    /// <summary>Where the weights live and the layers compute.</summary>
    public torch.Device Device { get; init; } = torch.CPU;

    /// <summary>Encodes an image patch by patch: its features are the mean over the grid (CPC). Null = the whole image at once.</summary>
    public PatchGrid? Grid { get; init; }

    /// <summary>The encoder sees the mean of an image's channels in place of each of them: it knows no colours (colorization).</summary>
    public bool Grey { get; init; }

    internal bool UsesChannelsLast =>
        ChannelsLast ?? (Device.type == DeviceType.CPU || Precision == Precision.BFloat16);
}

/// <summary>A grid of overlapping square patches.</summary>
/// <param name="Side">Side of a patch in pixels.</param>
/// <param name="Stride">Pixels from one to the next.</param>
public sealed record PatchGrid(int Side, int Stride);
