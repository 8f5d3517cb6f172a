namespace OrleansContrastive.Learning.Evaluation;

/// <summary>What stands for an image when it is compared.</summary>
public enum FeatureKind
{
    /// <summary>Average-pooled encoder output, [F].</summary>
    Encoder,

    /// <summary>Encoder output pooled to 2 x 2, [4 F].</summary>
    EncoderGrid,

    /// <summary>Head output, [D].</summary>
    Head,

    /// <summary>The normalised pixels, [C H W].</summary>
    Pixels,
}
