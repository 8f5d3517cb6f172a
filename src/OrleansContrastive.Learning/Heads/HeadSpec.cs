namespace OrleansContrastive.Learning.Heads;

/// <summary>What stands between the features and the contrast.</summary>
/// <param name="Kind">One of <see cref="KnownKinds"/>.</param>
/// <param name="HiddenWidth">The width of the hidden layers; 0 means as wide as the features, as in MoCo v2 and SimCLR.</param>
/// <param name="OutputWidth">The width of the embedding; unused by <c>none</c>.</param>
public sealed record HeadSpec(string Kind, int HiddenWidth, int OutputWidth)
{
    private static readonly Dictionary<string, HeadShape> Shapes = new()
    {
        ["linear"] = new(1, HiddenNorm: false, OutputNorm: false, OutputAffine: false, Bias: true),
        ["mlp"] = new(2, HiddenNorm: false, OutputNorm: false, OutputAffine: false, Bias: true),
        ["simclr-mlp"] = new(2, HiddenNorm: true, OutputNorm: true, OutputAffine: true, Bias: false),
        ["simclr-mlp3"] = new(3, HiddenNorm: true, OutputNorm: true, OutputAffine: true, Bias: false),
        ["byol-mlp"] = new(2, HiddenNorm: true, OutputNorm: false, OutputAffine: false, Bias: true),
        ["moco-v3-mlp"] = new(2, HiddenNorm: true, OutputNorm: true, OutputAffine: false, Bias: false),
        ["simsiam-mlp"] = new(3, HiddenNorm: true, OutputNorm: true, OutputAffine: false, Bias: false),
        ["simsiam-mlp2"] = new(2, HiddenNorm: true, OutputNorm: true, OutputAffine: false, Bias: false),
        ["expander"] = new(3, HiddenNorm: true, OutputNorm: false, OutputAffine: false, Bias: false),
        ["nnclr-mlp"] = new(3, HiddenNorm: true, OutputNorm: true, OutputAffine: true, Bias: false),
        ["dino-mlp"] = new(3, HiddenNorm: false, OutputNorm: false, OutputAffine: false, Bias: true, Gelu: true),
    };

    /// <summary>
    /// <c>none</c>; <c>linear</c> (MoCo v1, InstDisc); <c>mlp</c>: linear, ReLU, linear (MoCo v2); <c>simclr-mlp</c> and <c>simclr-mlp3</c>:
    /// two or three linear layers with batch norm behind each and ReLU between (SimCLR, section 4.2, and its release); <c>byol-mlp</c>: batch norm
    /// behind the hidden layer only (BYOL, SwAV); <c>moco-v3-mlp</c>, <c>simsiam-mlp</c>, <c>simsiam-mlp2</c>: the last batch norm without
    /// weights; <c>expander</c>: three layers, the last one bare (VICReg, Barlow Twins); <c>nnclr-mlp</c>; <c>dino-mlp</c>: three layers with GELU.
    /// </summary>
    public static IReadOnlyList<string> KnownKinds { get; } = ["none", .. Shapes.Keys];

    /// <summary>How its layers are built.</summary>
    /// <exception cref="ArgumentException">It is <c>none</c>, or not known.</exception>
    public HeadShape Shape => Shapes.TryGetValue(Kind, out var shape)
        ? shape
        : throw new ArgumentException($"Head '{Kind}' has no layers; known are: {string.Join(", ", KnownKinds)}.");

    /// <summary>Checks the kind and the widths.</summary>
    /// <exception cref="ArgumentException">The kind is not known or a width is out of range.</exception>
    public HeadSpec Validated()
    {
        if (!KnownKinds.Contains(Kind))
        {
            throw new ArgumentException($"Unknown head '{Kind}'; known are: {string.Join(", ", KnownKinds)}.");
        }

        if (HiddenWidth < 0) throw new ArgumentException($"The hidden width of a head must be 0 or more, found {HiddenWidth}.");
        if (Kind != "none" && OutputWidth < 1)
            throw new ArgumentException($"The output width of head '{Kind}' must be 1 or more, found {OutputWidth}.");
        return this;
    }
}
