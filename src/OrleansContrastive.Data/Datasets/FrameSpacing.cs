namespace OrleansContrastive.Data.Datasets;

/// <summary>Which four frames of a sequence an image shows.</summary>
public enum FrameSpacing
{
    /// <summary>The first, the last, and two between them: one image for each sequence.</summary>
    Even,

    /// <summary>Four that follow each other: an image for each four of the sequence; what is left over at its end is not shown.</summary>
    Consecutive,
}
