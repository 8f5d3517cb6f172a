namespace OrleansContrastive.Learning.Heads;

/// <summary>What stands between the features and the contrast.</summary>
/// <param name="Kind">One of <see cref="KnownKinds"/>.</param>
/// <param name="HiddenWidth">The width of the hidden layer; 0 means as wide as the features, as in MoCo v2 and SimCLR.</param>
/// <param name="OutputWidth">The width of the embedding; unused by <c>none</c>.</param>
public sealed record HeadSpec(string Kind, int HiddenWidth, int OutputWidth)
{
    /// <summary>
    /// <c>none</c>; <c>linear</c> (MoCo v1, InstDisc); <c>mlp</c>: linear, ReLU, linear (MoCo v2); <c>simclr-mlp</c>:
    /// linear, batch norm, ReLU, linear, batch norm (SimCLR, section 4.2).
    /// </summary>
    public static IReadOnlyList<string> KnownKinds { get; } = ["none", "linear", "mlp", "simclr-mlp"];

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
