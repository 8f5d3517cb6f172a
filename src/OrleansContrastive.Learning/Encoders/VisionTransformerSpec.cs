using System.Globalization;
using System.Text.RegularExpressions;

namespace OrleansContrastive.Learning.Encoders;

/// <summary>
/// A vision transformer (Dosovitskiy et al., "An image is worth 16x16 words", 2021) with the sizes of timm and DINO:
/// <c>vit-tiny</c> and <c>vit-small</c>, twelve blocks of width 192 and 384.
/// </summary>
/// <remarks>
/// After the name may stand, in this order: <c>-pN</c>, the side of a patch (16 from 96 pixels on, otherwise 4); <c>-hN</c>, the
/// heads (3 and 6; MoCo v3's small has 12); <c>-sincos</c>, positions that are fixed sines and cosines, with Xavier's start
/// of all matrices; <c>-frozen</c>, a patch projection that is never learned. The last two together are MoCo v3's (Chen et al.
/// 2021, sections 4.2 and 5.1).
/// </remarks>
/// <param name="Name">The name it was parsed from, such as <c>vit-tiny-p7</c>.</param>
/// <param name="Width">F, the width of a token and of the features.</param>
/// <param name="Heads">The heads of each attention.</param>
/// <param name="PatchSize">The side of a patch in pixels.</param>
/// <param name="ImageSize">The side of the views that the positions are made for. Views of other sizes interpolate them.</param>
/// <param name="FixedPositions">Whether positions are fixed sines and cosines.</param>
/// <param name="FrozenPatches">Whether the patch projection stays as it was drawn.</param>
/// <param name="InputChannels">1 or 3.</param>
public sealed partial record VisionTransformerSpec(
    string Name, int Width, int Heads, int PatchSize, int ImageSize, bool FixedPositions, bool FrozenPatches, int InputChannels)
    : EncoderSpec(Name, InputChannels)
{
    private const int SmallestSixteenSize = 96;

    /// <summary>The blocks.</summary>
    public int Depth => 12;

    /// <summary>The hidden width of a block's perceptron.</summary>
    public int HiddenWidth => 4 * Width;

    /// <summary>Patches along a side of the views that the positions are made for.</summary>
    public int Side => ImageSize / PatchSize;

    /// <inheritdoc/>
    public override int FeatureWidth => Width;

    internal static EncoderFamily Family { get; } =
        new(["vit-tiny", "vit-small"], "-pN sets the patch, -hN the heads, -sincos and -frozen are MoCo v3's", TryParse);

    /// <inheritdoc/>
    public override ImageEncoder Build(LayerContext context) => new VisionTransformer(context, this);

    private static VisionTransformerSpec? TryParse(string name, int channels, int imageSize)
    {
        var match = NamePattern().Match(name);
        if (!match.Success) return null;
        var width = match.Groups["size"].Value == "tiny" ? 192 : 384;
        var patch = Number("patch", imageSize < SmallestSixteenSize ? 4 : 16);
        var heads = Number("heads", width / 64);
        if (patch < 1 || imageSize % patch != 0)
        {
            throw new ArgumentException(
                $"Views of {imageSize} pixels are not whole patches of {patch}, as encoder '{name}' needs; -pN after the name sets another patch.",
                nameof(name));
        }

        if (heads < 1 || width % heads != 0)
            throw new ArgumentException($"The heads of encoder '{name}' must divide its width {width}, found {heads}.", nameof(name));
        return new(name, width, heads, patch, imageSize, match.Groups["fixed"].Success, match.Groups["frozen"].Success, channels);

        int Number(string group, int otherwise) => match.Groups[group].Success
            ? int.Parse(match.Groups[group].ValueSpan, CultureInfo.InvariantCulture)
            : otherwise;
    }

    [GeneratedRegex("^vit-(?<size>tiny|small)(-p(?<patch>[0-9]{1,4}))?(-h(?<heads>[0-9]{1,4}))?(?<fixed>-sincos)?(?<frozen>-frozen)?$", RegexOptions.CultureInvariant)]
    private static partial Regex NamePattern();
}
