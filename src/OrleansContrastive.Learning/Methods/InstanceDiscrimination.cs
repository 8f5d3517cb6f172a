using OrleansContrastive.Learning.Methods.Frame;

namespace OrleansContrastive.Learning.Methods;

/// <summary>Options of <see cref="InstanceDiscrimination"/>.</summary>
public sealed record InstanceDiscriminationOptions
{
    /// <summary>λ of the proximal term ‖v − v_bank‖², which keeps an embedding near its row (paper, eq. 10; not in the released code); 0 leaves it out.</summary>
    public double Proximal { get; init; }
}

/// <summary>Instance discrimination (Wu et al. 2018): every image is a class of its own, whose weight is its row in a memory bank.</summary>
/// <remarks>
/// The positive of an embedding is its image's row, the negatives are the other rows: all of them (the non-parametric softmax, eq. 2) or noise drawn from them
/// (<c>sampling=noise</c>, eq. 7). The embedding then moves its row: V ← norm(μ V + (1 − μ) v). As released, noise may be an image's own row
/// (<c>maskOwnSample=false</c>) and Z stays what the first batches made it (<c>freezePartition=true</c>). Two things are not as released even then: the rows of a new bank have length 1, where the released ones are uniform numbers, of length 1 in the mean only; and Z is the mean over noise, where the release takes the positives into it.
/// </remarks>
public sealed class InstanceDiscrimination(MethodContext context, InstanceDiscriminationOptions options) : IContrastiveMethod
{
    /// <inheritdoc/>
    public MethodPlan Plan { get; } = new()
    {
        QueryViews = [0],
        Memory = MemoryKind.Bank,
        NeedsOwnRows = true,
        Contrast = new() { Temperature = context.Temperature, Sampling = context.Sampling, MaskOwnSamples = context.MaskOwnSamples },
    };

    /// <inheritdoc/>
    public EncodedBatch Encode(MethodBatch batch) => new(batch, queries: [Embeddings.Unit(batch.Network.forward(batch.Views[0]))]);

    /// <inheritdoc/>
    public MethodLoss Loss(EncodedBatch encoded, MethodTargets targets)
    {
        var (embeddings, own) = (encoded.Queries[0], targets.OwnRows!);
        return new(new ContrastTerm(0, own))
        {
            Scalar = options.Proximal > 0 ? embeddings.sub(own).square().sum(1).mean().mul(options.Proximal) : null,
            Rows = embeddings,
        };
    }
}
