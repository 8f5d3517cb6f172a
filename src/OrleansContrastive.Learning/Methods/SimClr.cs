using OrleansContrastive.Learning.Losses;
using OrleansContrastive.Learning.Methods.Frame;
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
/// </remarks>
public sealed class SimClr : IContrastiveMethod
{
    private readonly MethodContext _context;
    private readonly int _memoryRows;

    /// <summary>Makes the method.</summary>
    /// <exception cref="ArgumentException">The queue is shorter than the rows that are asked for.</exception>
    public SimClr(MethodContext context, SimClrOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(context);
        (_context, _memoryRows) = (context, options?.MemoryRows ?? 0);
        if (_memoryRows < 0 || _memoryRows > context.QueueLength)
            throw new ArgumentException($"SimCLR asks for {_memoryRows} rows of the queue; expected 0 to {context.QueueLength}, its length.", nameof(options));
        Plan = _memoryRows == 0 ? new() : new() { Memory = MemoryKind.Queue, NeedsRowsHere = true, RowsPerSample = 2 };
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
            NtXent.Loss(first, second, _context.Temperature, memory?.Rows, memory?.Own),
            BatchMeters.Pairs(first, second, _context.Temperature, NtXent.ChanceLevel(images, more), (2 * images) - 2 + more))
        {
            Rows = _memoryRows > 0 ? cat([first, second]).detach() : null,
        };
    }
}
