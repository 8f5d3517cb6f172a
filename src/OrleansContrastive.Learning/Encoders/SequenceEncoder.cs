using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Encoders;

/// <summary>
/// An encoder that reads an image row by row as one sequence: a latent vector z_t for each of T pieces of it, and a context c_t of
/// all pieces up to there. Its features are the mean context.
/// </summary>
/// <remarks><c>forward</c> returns both side by side: [B, 2F, 1, T], latents first.</remarks>
/// <param name="name">Name of the class, for messages.</param>
/// <param name="features">F, the width of latents and contexts.</param>
public abstract class SequenceEncoder(string name, int features) : ImageEncoder(name)
{
    /// <summary>z_t of what <c>forward</c> returned, [B, T, F].</summary>
    public Tensor Latents(Tensor output) => Part(output, 0);

    /// <summary>c_t of what <c>forward</c> returned, [B, T, F].</summary>
    public Tensor Contexts(Tensor output) => Part(output, features);

    /// <inheritdoc/>
    public override Tensor Features(Tensor output, ScalarType type)
    {
        using var scope = NewDisposeScope();
        return Contexts(output).to_type(type).mean([1]).MoveToOuterDisposeScope();
    }

    /// <summary>The contexts by time, [B, F, 1, T].</summary>
    public override Tensor Map(Tensor output, long height, long width) => output.narrow(1, features, features);

    private Tensor Part(Tensor output, long first)
    {
        using var scope = NewDisposeScope();
        return output.narrow(1, first, features).squeeze(2).transpose(1, 2).MoveToOuterDisposeScope();
    }
}
