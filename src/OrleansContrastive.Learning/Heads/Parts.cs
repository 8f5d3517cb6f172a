using OrleansContrastive.Learning.Encoders;

namespace OrleansContrastive.Learning.Heads;

/// <summary>The usual parts of methods.</summary>
public static class Parts
{
    /// <summary>A predictor behind the projection head, from embedding to embedding: linear, batch norm, ReLU, linear (BYOL, SimSiam).</summary>
    /// <param name="hidden">Hidden width; 0 = that of the embedding.</param>
    /// <param name="shape">How its layers are built; null = batch norm behind the hidden layer only.</param>
    public static ModelPart Predictor(int hidden = 0, HeadShape? shape = null) => new(
        "predictor",
        (context, widths) => new Perceptron(
            context,
            shape ?? new(2, HiddenNorm: true, OutputNorm: false, OutputAffine: false, Bias: true),
            widths.Embedding,
            hidden > 0 ? hidden : widths.Embedding,
            widths.Embedding));

    /// <summary>A linear layer on so many feature vectors.</summary>
    /// <param name="name">Name of the part.</param>
    /// <param name="outputs">Width of its output; null = that of the embedding.</param>
    /// <param name="inputs">Feature vectors side by side in its input.</param>
    public static ModelPart Linear(string name, int? outputs = null, int inputs = 1) => new(
        name, (context, widths) => new LinearLayer(context, inputs * widths.Features, outputs ?? widths.Embedding, bias: true));

    /// <summary>A classifier with a hidden layer on so many feature vectors.</summary>
    /// <param name="name">Name of the part.</param>
    /// <param name="outputs">Classes.</param>
    /// <param name="inputs">Feature vectors side by side in its input.</param>
    /// <param name="hidden">Hidden width; 0 = twice that of the features.</param>
    public static ModelPart Classifier(string name, int outputs, int inputs = 1, int hidden = 0) => new(
        name,
        (context, widths) => new Perceptron(
            context, new(2, HiddenNorm: true, OutputNorm: false, OutputAffine: false, Bias: true), inputs * widths.Features, hidden > 0 ? hidden : 2 * widths.Features, outputs));

    /// <summary>Prototypes behind the projection head, without bias (SwAV, DINO).</summary>
    public static ModelPart Prototypes(int count) => new(
        "prototypes", (context, widths) => new PrototypeLayer(context, widths.Embedding, count));
}
