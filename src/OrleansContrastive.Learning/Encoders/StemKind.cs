namespace OrleansContrastive.Learning.Encoders;

/// <summary>The first layers of a residual network.</summary>
public enum StemKind
{
    /// <summary>A 3x3 convolution of stride 1 and no pooling: for images below 96 pixels.</summary>
    Cifar,

    /// <summary>A 7x7 convolution of stride 2 and a 3x3 max-pooling of stride 2 (He et al., 2016, table 1).</summary>
    ImageNet,
}
