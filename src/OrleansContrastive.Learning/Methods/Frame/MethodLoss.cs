using OrleansContrastive.Learning.Losses;
using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Methods.Frame;

/// <summary>One contrast of rows with the memory.</summary>
/// <param name="Query">Which of <see cref="EncodedBatch.Queries"/>.</param>
/// <param name="Positives">[B, D] unit rows; row b is the positive of query b.</param>
/// <param name="Weight">Its part of the loss.</param>
public sealed record ContrastTerm(int Query, Tensor Positives, double Weight = 1);

/// <summary>What a step loses.</summary>
public sealed class MethodLoss
{
    /// <summary>A loss against the memory.</summary>
    /// <param name="terms">The contrasts; their weighted sum is the loss.</param>
    public MethodLoss(params IReadOnlyList<ContrastTerm> terms) => Terms = terms;

    /// <summary>A loss of the batch itself.</summary>
    /// <param name="scalar">Part of the autograd graph.</param>
    /// <param name="meters">How to read it.</param>
    public MethodLoss(Tensor scalar, LossValue meters) => (Scalar, Meters, Terms) = (scalar, meters, []);

    /// <summary>A loss of pairs within the batch.</summary>
    /// <param name="scalar">Part of the autograd graph.</param>
    /// <param name="pairs">The pairs and their meters.</param>
    public MethodLoss(Tensor scalar, PairMeters pairs) => (Scalar, Meters, Pairs, Terms) = (scalar, pairs.Value, pairs, []);

    /// <summary>A loss that autograd knows; null where there is none.</summary>
    public Tensor? Scalar { get; init; }

    /// <summary>Meters of the scalar loss; its value is filled in.</summary>
    public LossValue Meters { get; init; }

    /// <summary>The pairs of a loss within the batch; null of any other.</summary>
    public PairMeters? Pairs { get; }

    /// <summary>Contrasts with the memory.</summary>
    public IReadOnlyList<ContrastTerm> Terms { get; }

    /// <summary>Rows that join the memory when the step is committed: [B · rows per sample, D] unit rows, image by image within a view. No
    /// gradient.</summary>
    public Tensor? Rows { get; init; }
}
