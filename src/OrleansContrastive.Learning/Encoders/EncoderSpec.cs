using System.Globalization;
using System.Text.RegularExpressions;

namespace OrleansContrastive.Learning.Encoders;

/// <summary>
/// Which residual network (He et al., "Deep residual learning for image recognition", 2016) encodes the images.
/// </summary>
/// <param name="Name">The name it was parsed from, such as <c>resnet18-w32</c>.</param>
/// <param name="Depth">8 (three stages of one basic block), 18, 34 (four stages of basic blocks) or 50 (bottlenecks).</param>
/// <param name="Width">The channels of the first stage; every later stage doubles them.</param>
/// <param name="Stem">The first layers.</param>
/// <param name="InputChannels">1 or 3.</param>
public sealed partial record EncoderSpec(string Name, int Depth, int Width, StemKind Stem, int InputChannels)
{
    private const int DefaultWidth = 64;
    private const int LargestWidth = 1024;
    private const int WidthStep = 8;
    private const int SmallestImageNetSize = 96;

    /// <summary>The networks by name; <c>-wN</c> after a name sets the width of the first stage (64 by default).</summary>
    public static IReadOnlyList<string> KnownNames { get; } =
        ["resnet8", "resnet8-w16", "resnet18", "resnet18-w32", "resnet34", "resnet50"];

    /// <summary>The blocks of each stage.</summary>
    public IReadOnlyList<int> Blocks => Depth switch
    {
        8 => [1, 1, 1],
        18 => [2, 2, 2, 2],
        _ => [3, 4, 6, 3],
    };

    /// <summary>Whether the blocks are bottlenecks (1x1, 3x3, 1x1 with four times the channels).</summary>
    public bool Bottleneck => Depth == 50;

    /// <summary>The channels of the last stage: the width of the features.</summary>
    public int FeatureWidth => (Width << (Blocks.Count - 1)) * (Bottleneck ? BottleneckBlock.Expansion : 1);

    /// <summary>Reads a network by name.</summary>
    /// <param name="name">One of <see cref="KnownNames"/>, or one with another width, such as <c>resnet34-w24</c>.</param>
    /// <param name="channels">The channels of the images, 1 or 3.</param>
    /// <param name="imageSize">The side of the views in pixels; below 96 the stem is that for CIFAR.</param>
    /// <exception cref="ArgumentException">The name is not known, or a number is out of range.</exception>
    public static EncoderSpec Parse(string name, int channels, int imageSize)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (channels is not (1 or 3))
            throw new ArgumentException($"Encoders take images of 1 or 3 channels, found {channels}.", nameof(channels));
        ArgumentOutOfRangeException.ThrowIfLessThan(imageSize, 8);

        var match = NamePattern().Match(name);
        if (!match.Success)
        {
            throw new ArgumentException(
                $"Unknown encoder '{name}'; known are: {string.Join(", ", KnownNames)} (-wN sets the width).", nameof(name));
        }

        var width = DefaultWidth;
        var text = match.Groups["width"].Value;
        if (text.Length > 0
            && !(int.TryParse(text, CultureInfo.InvariantCulture, out width) && width is >= 1 and <= LargestWidth))
        {
            throw new ArgumentException(
                $"The width of encoder '{name}' must lie in 1 to {LargestWidth}, found {text}.", nameof(name));
        }

        // libtorch 1.13 writes beyond its buffers in the backward pass of a strided 1x1 convolution of other widths.
        if (width % WidthStep != 0)
            throw new ArgumentException($"The width of encoder '{name}' must be a multiple of {WidthStep}, found {width}.", nameof(name));

        var depth = int.Parse(match.Groups["depth"].ValueSpan, CultureInfo.InvariantCulture);
        var stem = imageSize < SmallestImageNetSize ? StemKind.Cifar : StemKind.ImageNet;
        return new EncoderSpec(name, depth, width, stem, channels);
    }

    [GeneratedRegex("^resnet(?<depth>8|18|34|50)(-w(?<width>[0-9]+))?$", RegexOptions.CultureInvariant)]
    private static partial Regex NamePattern();
}
