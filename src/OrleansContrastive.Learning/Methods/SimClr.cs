using OrleansContrastive.Learning.Losses;
using OrleansContrastive.Learning.Methods.Frame;
using OrleansContrastive.Learning.Negatives.Sampling;
using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Methods;

/// <summary>Options of <see cref="SimClr"/>.</summary>
public sealed record SimClrOptions
{
    /// <summary>Embeddings of the steps before, of all encoders, that are negatives beside the batch's; 0 = none, as in the paper; at most the queue's length.</summary>
    public int MemoryRows { get; init; }
}

/// <summary>SimCLR (Chen et al. 2020): the two views of an image find each other among all views of the batch.</summary>
/// <remarks>
/// The batch of the loss is a lease: with W encoders that is batch / W images. Accumulating gradients adds no negatives. Where that is too few, <see cref="SimClrOptions.MemoryRows"/> takes
/// the newest embeddings of all encoders from the queue (cross-batch memory, Wang et al. 2020): in lockstep those of the last step, which the paper gathers from the same step, with gradient.
/// With <c>sampling=debiased</c> (Chuang et al. 2020) or <c>reweighted</c> (Robinson et al. 2021) the batch's negatives are weighed by <see cref="HardNegatives"/>.
/// </remarks>
public sealed class SimClr : IContrastiveMethod
{
    private readonly MethodContext _context;
    private readonly int _memoryRows;
    private readonly ReweightedRows? _weighing;

    /// <summary>Makes the method.</summary>
    /// <exception cref="ArgumentException">The queue is shorter than the rows that are asked for, or the sampling is none that a batch knows.</exception>
    public SimClr(MethodContext context, SimClrOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(context);
        (_context, _memoryRows) = (context, options?.MemoryRows ?? 0);
        if (_memoryRows < 0 || _memoryRows > context.QueueLength)
            throw new ArgumentException($"SimCLR asks for {_memoryRows} rows of the queue; expected 0 to {context.QueueLength}, its length.", nameof(options));
        _weighing = context.Sampling as ReweightedRows;
        if (_weighing is null && context.Sampling is not AllRows)
            throw new ArgumentException("SimCLR's negatives are those of the batch; expected a sampling of all, debiased or reweighted.", nameof(context));
        if (_weighing is not null && _memoryRows > 0)
            throw new ArgumentException($"SimCLR weighs the negatives of the batch alone; expected 0 rows of the queue beside a debiased or reweighted sampling, found {_memoryRows}.", nameof(options));
        Plan = _memoryRows == 0 ? new() { WeighsBatch = _weighing is not null } : new() { Memory = MemoryKind.Queue, NeedsRowsHere = true, RowsPerSample = 2 };
    }

    /// <inheritdoc/>
    public MethodPlan Plan { get; }

    /// <inheritdoc/>
    public EncodedBatch Encode(MethodBatch batch) =>
        new(batch, outputs: batch.Views.Select(views => Embeddings.Unit(batch.Network.forward(views))));

    /// <inheritdoc/>
    public MethodLoss Loss(EncodedBatch encoded, MethodTargets targets)
    {
        var (first, second) = (encoded.Outputs[0], encoded.Outputs[1]);
        var memory = targets.Memory is { } queue && _memoryRows > 0
            ? MemoryColumns.Newest(queue, _memoryRows, _context.MaskOwnSamples ? encoded.SampleIds : [], first)
            : null;
        var (images, more) = (first.shape[0], memory?.Rows.shape[0] ?? 0);
        return new(
            _weighing is null
                ? NtXent.Loss(first, second, _context.Temperature, memory?.Rows, memory?.Own)
                : HardNegatives.Loss(first, second, _context.Temperature, _weighing.Prior, _weighing.Beta),
            BatchMeters.Pairs(first, second, _context.Temperature, NtXent.ChanceLevel(images, more), (2 * images) - 2 + more))
        {
            Rows = _memoryRows > 0 ? cat([first, second]).detach() : null,
        };
    }
}
