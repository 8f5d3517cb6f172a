using System.Globalization;
using System.Text.RegularExpressions;

namespace OrleansContrastive.Learning.Encoders;

/// <summary>
/// A residual network (He et al., "Deep residual learning for image recognition", 2016): <c>resnet18</c>; <c>-wN</c> after the
/// name sets the width of the first stage (64 by default), <c>-ln</c> behind that replaces batch norm by layer norm, as CPC v2 has it, and <c>-zero</c> at the end starts the last
/// norm of every block at 0, so that a new network is its shortcuts (Goyal et al. 2017, section 5.1).
/// </summary>
/// <param name="Name">The name it was parsed from, such as <c>resnet18-w32</c>.</param>
/// <param name="Depth">8 (three stages of one basic block), 18, 34 (four stages of basic blocks) or 50 (bottlenecks).</param>
/// <param name="Width">The channels of the first stage; every later stage doubles them.</param>
/// <param name="Stem">The first layers.</param>
/// <param name="InputChannels">1 or 3.</param>
/// <param name="Norm">What its norms are over.</param>
/// <param name="ResidualScale">What the weights of each block's last norm start at: 1, or 0.</param>
public sealed partial record ResNetSpec(
    string Name, int Depth, int Width, StemKind Stem, int InputChannels, NormKind Norm = NormKind.Batch, double ResidualScale = 1)
    : EncoderSpec(Name, InputChannels)
{
    private const int DefaultWidth = 64;
    private const int LargestWidth = 1024;
    private const int WidthStep = 8;
    private const int SmallestImageNetSize = 96;

    /// <summary>The blocks of each stage.</summary>
    public IReadOnlyList<int> Blocks => Depth switch
    {
        8 => [1, 1, 1],
        18 => [2, 2, 2, 2],
        _ => [3, 4, 6, 3],
    };

    /// <summary>Whether the blocks are bottlenecks (1x1, 3x3, 1x1 with four times the channels).</summary>
    public bool Bottleneck => Depth == 50;

    /// <summary>The channels of the last stage.</summary>
    public override int FeatureWidth => (Width << (Blocks.Count - 1)) * (Bottleneck ? BottleneckBlock.Expansion : 1);

    internal static EncoderFamily Family { get; } =
        new(["resnet8", "resnet8-w16", "resnet18", "resnet18-w32", "resnet34", "resnet50", "resnet8-w16-ln", "resnet50-ln", "resnet50-zero"], "-wN sets the width, -ln behind it takes layer norm, -zero starts each block as its shortcut", TryParse);

    /// <inheritdoc/>
    public override ImageEncoder Build(LayerContext context) => new ResNet(context, this);

    private static ResNetSpec? TryParse(string name, int channels, int imageSize)
    {
        var match = NamePattern().Match(name);
        if (!match.Success) return null;

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
        return new ResNetSpec(name, depth, width, stem, channels, match.Groups["layer"].Success ? NormKind.Layer : NormKind.Batch, match.Groups["zero"].Success ? 0 : 1);
    }

    [GeneratedRegex("^resnet(?<depth>8|18|34|50)(-w(?<width>[0-9]+))?(?<layer>-ln)?(?<zero>-zero)?$", RegexOptions.CultureInvariant)]
    private static partial Regex NamePattern();
}
