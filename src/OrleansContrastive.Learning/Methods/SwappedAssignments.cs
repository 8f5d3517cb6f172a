using OrleansContrastive.Learning.Evaluation;
using OrleansContrastive.Learning.Heads;
using OrleansContrastive.Learning.Losses;
using OrleansContrastive.Learning.Methods.Frame;
using TorchSharp;
using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Methods;

/// <summary>Options of <see cref="SwappedAssignments"/>.</summary>
public sealed record SwavOptions
{
    /// <summary>P; 3000 in the paper.</summary>
    public int Prototypes { get; init; } = 256;

    /// <summary>ε of the codes; 0.05 in the paper, 0.03 where training stays at ln P.</summary>
    public double Epsilon { get; init; } = 0.05;

    /// <summary>Rounds of Sinkhorn.</summary>
    public int Rounds { get; init; } = 3;

    /// <summary>Small crops beside the two large ones.</summary>
    public int LocalCrops { get; init; }

    /// <summary>Rows that each worker keeps of each large view, to make codes from more than a batch (3840 in the paper); 0 = none.</summary>
    public int QueueLength { get; init; }

    /// <summary>Epochs before that queue is used (15 in the paper).</summary>
    public double QueueFromEpoch { get; init; }

    /// <summary>Epochs at the start in which prototypes stay as they are (1 in the paper).</summary>
    public double FrozenEpochs { get; init; }
}

/// <summary>SwAV (Caron et al. 2020): every crop of an image foretells to which prototypes its two large crops are assigned, where all prototypes are used alike.</summary>
/// <remarks>Codes are made of the large crops of a lease, and of this worker's queue of features before the prototypes, view by view, once it is full. An instance keeps that
/// queue; it is not part of a checkpoint and fills again within K/B steps.</remarks>
public sealed class SwappedAssignments(MethodContext context, SwavOptions options) : IContrastiveMethod, IDisposable
{
    private const int LargeCrops = 2;

    private readonly Tensor?[] _queue = new Tensor?[LargeCrops];

    /// <inheritdoc/>
    public MethodPlan Plan { get; } = new()
    {
        QueryViews = [.. Enumerable.Range(0, LargeCrops + options.LocalCrops)],
        LocalViews = options.LocalCrops,
        Guard = CollapseGuard.Assignment,
        Parts = [Parts.Prototypes(options.Prototypes)],
    };

    /// <inheritdoc/>
    public EncodedBatch Encode(MethodBatch batch)
    {
        var prototypes = batch.Model.Part<PrototypeLayer>("prototypes");
        var frozen = batch.Position.Epoch < options.FrozenEpochs;
        var rows = batch.Views.Select(views => Embeddings.Unit(batch.Model.forward(views))).ToList();
        return new(batch, outputs: [.. rows.Select(row => prototypes.Scores(row, frozen)), .. rows.Take(LargeCrops)]);
    }

    /// <inheritdoc/>
    public MethodLoss Loss(EncodedBatch encoded, MethodTargets targets)
    {
        var views = Plan.QueryViews.Count;
        var scores = encoded.Outputs.Take(views).ToList();
        var prototypes = ((Encoders.ContrastiveModel)encoded.Network).Part<PrototypeLayer>("prototypes");
        Tensor? loss = null;
        for (var large = 0; large < LargeCrops; large++)
        {
            var codes = Codes(scores[large], encoded.Outputs[views + large], large, prototypes, encoded.Position.Epoch >= options.QueueFromEpoch);
            for (var other = 0; other < views; other++)
            {
                if (other == large) continue;
                var part = SwappedPrediction.Loss(scores[other], codes, context.Temperature);
                loss = loss is null ? part : loss + part;
            }
        }

        var meters = BatchMeters.Pairs(encoded.Outputs[views], encoded.Outputs[views + 1], context.Temperature, Math.Log(options.Prototypes), 0);
        return new(loss!.div(LargeCrops * (views - 1)), meters);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var rows in _queue) rows?.Dispose();
    }

    private Tensor Codes(Tensor scores, Tensor rows, int view, PrototypeLayer prototypes, bool useQueue)
    {
        using var noGrad = no_grad();
        var batch = scores.shape[0];
        var kept = _queue[view];
        var full = useQueue && kept is not null && kept.shape[0] >= options.QueueLength;
        var codes = full
            ? Sinkhorn.Assign(cat([scores.detach(), prototypes.Scores(kept!, frozen: true)]), options.Epsilon, options.Rounds).narrow(0, 0, batch)
            : Sinkhorn.Assign(scores.detach(), options.Epsilon, options.Rounds);
        if (options.QueueLength > 0)
        {
            var next = kept is null ? rows.detach().clone() : cat([rows.detach(), kept]);
            _queue[view] = next.narrow(0, 0, Math.Min(options.QueueLength, next.shape[0])).clone().DetachFromDisposeScope();
            kept?.Dispose();
        }

        return codes;
    }
}
