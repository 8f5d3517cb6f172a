using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Encoders;

/// <summary>
/// A network without head: <c>forward</c> takes views [B, C, H, W] to the output of its last layer, of which features and a
/// feature map are made. Its parameters have the names of the best-known implementation; all weights come from a
/// <see cref="LayerContext"/>. On one executor thread.
/// </summary>
/// <param name="name">Name of the class, for messages.</param>
public abstract class ImageEncoder(string name) : nn.Module<Tensor, Tensor>(name)
{
    /// <summary>One vector per image.</summary>
    /// <param name="output">What <c>forward</c> returned.</param>
    /// <param name="type">The element type of the features.</param>
    /// <returns>[B, F].</returns>
    public abstract Tensor Features(Tensor output, ScalarType type);

    /// <summary>Vectors by place.</summary>
    /// <param name="output">What <c>forward</c> returned; may be returned itself.</param>
    /// <param name="height">H of the views.</param>
    /// <param name="width">W of the views.</param>
    /// <returns>[B, F, h, w].</returns>
    public abstract Tensor Map(Tensor output, long height, long width);
}

/// <summary>An encoder whose output is a feature map, and whose features are its mean.</summary>
/// <param name="name">Name of the class, for messages.</param>
public abstract class ConvolutionalEncoder(string name) : ImageEncoder(name)
{
    /// <inheritdoc/>
    public override Tensor Features(Tensor output, ScalarType type)
    {
        using var scope = NewDisposeScope();
        return output.to_type(type).mean([2, 3]).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public override Tensor Map(Tensor output, long height, long width) => output;
}
