using TorchSharp;
using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Methods.Frame;

/// <summary>
/// A self-supervised method: which views it takes, what encodes them, what is anchor, positive and negative, where negatives come
/// from, and the loss. The actors read the <see cref="Plan"/> and bring what it asks for; the mathematics is here.
/// </summary>
/// <remarks>
/// A step is two jobs of one executor thread, between which keys and negatives travel: <see cref="Encode"/> runs the query network and
/// keeps the graph, <see cref="Loss"/> says what is lost. <see cref="MethodStep"/> does the rest: the negatives that stayed at
/// their shards, and the gradient. An instance belongs to one thread; what it remembers from one step to the next (a queue of its
/// own) belongs to that worker alone.
/// </remarks>
public interface IContrastiveMethod
{
    /// <summary>What the method asks for. It does not change.</summary>
    MethodPlan Plan { get; }

    /// <summary>Runs the query network on the views of <see cref="MethodPlan.QueryViews"/>.</summary>
    EncodedBatch Encode(MethodBatch batch);

    /// <summary>Makes the loss of what was encoded, in the same dispose scope as its caller. Rows to be contrasted with the memory are named as
    /// <see cref="ContrastTerm"/>s; everything else is a scalar of the graph.</summary>
    MethodLoss Loss(EncodedBatch encoded, MethodTargets targets);

    /// <summary>The key of every image of one view, without gradient: by default unit rows of the head's output.</summary>
    /// <param name="network">The network with the weights θ_k.</param>
    /// <param name="views">[B, C, H, W].</param>
    /// <returns>[B, D], in no dispose scope or the caller's.</returns>
    Tensor EncodeKeys(nn.Module<Tensor, Tensor> network, Tensor views) => Embeddings.Unit(network.forward(views));
}
