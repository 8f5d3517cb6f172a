namespace OrleansContrastive.Learning.Evaluation;

/// <summary>What stands for an image when it is compared.</summary>
public enum FeatureKind
{
    /// <summary>The encoder's feature, [F]: its average-pooled output, or the class token.</summary>
    Encoder,

    /// <summary>The encoder's map pooled to 2 x 2, [4 F].</summary>
    EncoderGrid,

    /// <summary>Head output, [D].</summary>
    Head,

    /// <summary>The normalised pixels, [C H W].</summary>
    Pixels,
}
