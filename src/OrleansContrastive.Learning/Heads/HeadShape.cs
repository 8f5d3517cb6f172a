namespace OrleansContrastive.Learning.Heads;

/// <summary>How the layers of a multi-layer perceptron are built.</summary>
/// <param name="Layers">Linear layers, at least 1.</param>
/// <param name="HiddenNorm">Batch norm behind every layer but the last.</param>
/// <param name="OutputNorm">Batch norm behind the last layer.</param>
/// <param name="OutputAffine">Whether that one has weights of its own.</param>
/// <param name="Bias">Whether the linear layers have biases.</param>
/// <param name="Gelu">GELU between the layers in place of ReLU.</param>
public readonly record struct HeadShape(int Layers, bool HiddenNorm, bool OutputNorm, bool OutputAffine, bool Bias, bool Gelu = false);
