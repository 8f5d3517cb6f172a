namespace OrleansContrastive.Data.Augmentation;

/// <summary>The type of a view's values, little-endian.</summary>
public enum ViewPrecision
{
    /// <summary>IEEE single precision, 4 bytes.</summary>
    Float32,

    /// <summary>bfloat16, 2 bytes, rounded to nearest with ties to even.</summary>
    BFloat16,
}
