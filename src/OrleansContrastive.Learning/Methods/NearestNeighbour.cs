using OrleansContrastive.Learning.Heads;
using OrleansContrastive.Learning.Losses;
using OrleansContrastive.Learning.Methods.Frame;
using OrleansContrastive.Learning.Negatives;
using TorchSharp;
using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Methods;

/// <summary>Options of <see cref="NearestNeighbour"/>.</summary>
public sealed record NearestNeighbourOptions
{
    /// <summary>Hidden width of the predictor; 0 = that of the embedding.</summary>
    public int PredictorWidth { get; init; }
}

/// <summary>NNCLR (Dwibedi et al. 2021): the positive of an image is not its other view but the row of a queue that is nearest to it, an image
/// of its like.</summary>
/// <remarks>The queue serves to find neighbours only; the negatives are the other images of the batch (eq. 3). Before there are rows, the view stands for its neighbour.</remarks>
public sealed class NearestNeighbour(MethodContext context, NearestNeighbourOptions options) : IContrastiveMethod
{
    // Scores of so many rows at once are kept.
    private const int RowsAtOnce = 8192;

    /// <inheritdoc/>
    public MethodPlan Plan { get; } = new()
    {
        Memory = MemoryKind.Queue,
        NeedsRowsHere = true,
        Parts = [Parts.Predictor(options.PredictorWidth)],
    };

    /// <inheritdoc/>
    public EncodedBatch Encode(MethodBatch batch)
    {
        var projections = batch.Views.Select(views => batch.Model.forward(views)).ToList();
        var predictions = projections.Select(rows => Embeddings.Unit(batch.Model.Through("predictor", rows)));
        return new(batch, outputs: [.. predictions, .. projections.Select(rows => Embeddings.Unit(rows))]);
    }

    /// <inheritdoc/>
    public MethodLoss Loss(EncodedBatch encoded, MethodTargets targets)
    {
        var (p1, p2, z1, z2) = (encoded.Outputs[0], encoded.Outputs[1], encoded.Outputs[2], encoded.Outputs[3]);
        var loss = InBatchInfoNce.Loss(Nearest(z1, targets.Memory!), p2, context.Temperature)
            + InBatchInfoNce.Loss(Nearest(z2, targets.Memory!), p1, context.Temperature);
        return new(loss.mul(0.5), BatchMeters.Pairs(z1, z2, context.Temperature)) { Rows = z1.detach() };
    }

    /// <summary>The row of the queue that is most like each of these.</summary>
    internal static Tensor Nearest(Tensor rows, INegativeRows queue)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var (asked, best, found) = (rows.detach(), (Tensor?)null, rows.detach().alias());
        for (var first = 0; first < queue.Count;)
        {
            using var part = queue.Rows(first, RowsAtOnce);
            var home = part.to_type(asked.dtype);
            var (score, place) = asked.mm(home.t()).max(1);
            var candidates = home.index_select(0, place);
            var wins = best is null ? ones_like(score, dtype: ScalarType.Bool) : score.gt(best);
            found = where(wins.unsqueeze(1), candidates, found);
            best = best is null ? score : where(wins, score, best);
            first += (int)part.shape[0];
        }

        return found.MoveToOuterDisposeScope();
    }
}
