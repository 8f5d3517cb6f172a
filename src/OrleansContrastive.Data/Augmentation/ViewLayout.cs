namespace OrleansContrastive.Data.Augmentation;

/// <summary>The order of a view's values in memory.</summary>
public enum ViewLayout
{
    /// <summary>Channel by channel: <c>[C, H, W]</c>.</summary>
    Nchw,

    /// <summary>Pixel by pixel (channels last): <c>[H, W, C]</c>.</summary>
    Nhwc,
}
