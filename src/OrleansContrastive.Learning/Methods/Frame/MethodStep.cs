using OrleansContrastive.Learning.Encoders;
using OrleansContrastive.Learning.Evaluation;
using OrleansContrastive.Learning.Losses;
using OrleansContrastive.Learning.Negatives;
using OrleansContrastive.Learning.Negatives.Sampling;
using TorchSharp;
using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Methods.Frame;

/// <summary>Runs the steps of any method: on one device (<see cref="Run"/>), or in the pieces that the actors do where their data is. On one
/// executor thread; it holds no state.</summary>
public static class MethodStep
{
    /// <summary>Leases from one look at the embeddings' health to the next; a look takes a few milliseconds.</summary>
    public const int HealthEvery = 4;

    /// <summary>One step on one device: keys, queries, loss and gradients. Updates nothing: the caller applies the gradients and, after
    /// that, appends the rows.</summary>
    /// <param name="method">The method.</param>
    /// <param name="network">f_q; gradients are added to its parameters.</param>
    /// <param name="keyNetwork">f_k with the weights θ_k of this version; null where the method has none.</param>
    /// <param name="views">All views of the batch, by number, [B, C, H, W] each.</param>
    /// <param name="sampleIds">Sample of each image.</param>
    /// <param name="memory">The memory as this step sees it; null where the method has none.</param>
    /// <param name="position">Where the run stands.</param>
    /// <param name="labels">Class of each image, where the method learns from them.</param>
    public static StepResult Run(
        IContrastiveMethod method,
        nn.Module<Tensor, Tensor> network,
        nn.Module<Tensor, Tensor>? keyNetwork,
        IReadOnlyList<Tensor> views,
        long[] sampleIds,
        INegativeRows? memory,
        StepPosition position,
        long[]? labels = null)
    {
        var plan = method.Plan;
        var keys = plan.KeyViews.Select((view, at) => EncodeKeys(method, keyNetwork!, views[view], position, at)).ToArray();
        using var encoded = Encode(method, new()
        {
            Network = network,
            Views = [.. plan.QueryViews.Select(view => views[view])],
            SampleIds = sampleIds,
            Labels = labels ?? [],
            Position = position,
        });
        var answers = plan.Contrast is { } contrast && memory is not null ? Answer(contrast, encoded, memory) : [];
        using var ownRows = plan.NeedsOwnRows ? OwnRows((IRowsBySample)memory!, sampleIds, encoded.Queries[0]) : null;
        var targets = new MethodTargets { Keys = keys, OwnRows = ownRows, Memory = plan.NeedsRowsHere ? memory : null };
        var result = Finish(method, encoded, targets, answers);
        foreach (var key in keys) key.Dispose();
        return result;
    }

    /// <summary>Encodes the queries of a batch and keeps the graph. The caller disposes it.</summary>
    public static EncodedBatch Encode(IContrastiveMethod method, MethodBatch batch)
    {
        RowColumns.RequireLength(nameof(batch.SampleIds), batch.SampleIds.Length, batch.Count);
        using var scope = NewDisposeScope();
        using var withGrad = enable_grad();
        // The moments of a step are those of all its views, and of no step that was given up.
        foreach (var layer in batch.Network.modules().OfType<IRunningStatistics>()) layer.Moments.Restart();
        return method.Encode(batch);
    }

    /// <summary>Encodes the keys of one view: no gradient, and where the plan says so batch norm over a permuted batch, order restored.</summary>
    /// <param name="method">The method.</param>
    /// <param name="network">f_k.</param>
    /// <param name="views">[B, C, H, W].</param>
    /// <param name="position">Where the run stands.</param>
    /// <param name="direction">Place of the view among the plan's key views.</param>
    /// <returns>[B, D], in no dispose scope: the caller's to dispose.</returns>
    public static Tensor EncodeKeys(
        IContrastiveMethod method, nn.Module<Tensor, Tensor> network, Tensor views, StepPosition position, int direction = 0)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        if (!method.Plan.ShuffleKeys) return method.EncodeKeys(network, views).DetachFromDisposeScope();

        var shuffle = KeyShuffle.Draw(position.Seed, position.Lease, direction, (int)views.shape[0]);
        var shuffled = views.index_select(0, tensor(shuffle.Order, device: views.device));
        var keys = method.EncodeKeys(network, shuffled);
        return keys.index_select(0, tensor(shuffle.Restore, device: views.device)).DetachFromDisposeScope();
    }

    /// <summary>The answers of a memory that is here, for every query of a batch.</summary>
    public static IReadOnlyList<IReadOnlyList<PartialSoftmax[]>> Answer(MemoryContrast contrast, EncodedBatch encoded, INegativeRows memory) =>
        [.. encoded.Queries.Select((query, at) => contrast.AnswerHere(
            query, encoded.SampleIds, memory, encoded.Position.Seed, DrawStep(encoded.Position.Lease, at, encoded.Queries.Count), encoded.Position.Epoch))];

    /// <summary>What a strategy draws by: the lease, and the query where there are several.</summary>
    public static long DrawStep(long lease, int query, int queries) => (lease * queries) + query;

    /// <summary>Takes the loss of an encoded batch and adds its gradients to the network's.</summary>
    /// <param name="method">The method.</param>
    /// <param name="encoded">What was encoded.</param>
    /// <param name="targets">What it is compared with.</param>
    /// <param name="answers">For each query that is contrasted with the memory, the answer of every home.</param>
    /// <returns>Loss and meters (of several contrasts, their weighted mean), and the rows that join the memory.</returns>
    /// <exception cref="InvalidOperationException">The method has made no loss.</exception>
    public static StepResult Finish(
        IContrastiveMethod method, EncodedBatch encoded, MethodTargets targets, IReadOnlyList<IReadOnlyList<PartialSoftmax[]>> answers)
    {
        using var scope = NewDisposeScope();
        using var withGrad = enable_grad();
        var loss = method.Loss(encoded, targets);
        var total = loss.Scalar;
        var values = new List<(LossValue Value, double Weight)>();
        foreach (var term in loss.Terms)
        {
            var queries = encoded.Queries[term.Query];
            var (value, gradient) = method.Plan.Contrast!.Evaluate(queries, term.Positives, answers[term.Query]);
            values.Add((value, term.Weight));
            // A scalar whose gradient with respect to the queries is just the one at hand.
            var lever = queries.mul(gradient.mul(term.Weight).to_type(queries.dtype).to(queries.device)).sum();
            total = total is null ? lever : total + lever;
        }

        if (total is null) throw new InvalidOperationException($"Method {method.GetType().Name} has made no loss.");
        total.backward();
        var scalar = loss.Scalar?.to_type(ScalarType.Float64).item<double>() ?? 0;
        var result = values.Count == 0 ? loss.Meters : LossValue.Weighted(values);
        return new(
            result with { Loss = values.Count == 0 ? scalar : result.Loss + scalar },
            loss.Rows?.detach().DetachFromDisposeScope(),
            loss.Rows is null ? [] : [.. Enumerable.Repeat(encoded.SampleIds, method.Plan.RowsPerSample).SelectMany(ids => ids)])
        {
            Health = Health(method.Plan, encoded, loss),
        };
    }

    private static HealthMeasures? Health(MethodPlan plan, EncodedBatch encoded, MethodLoss loss)
    {
        if (encoded.Position.Lease % HealthEvery != 0 || encoded.SampleIds.Length < 2) return null;
        if (loss.Pairs is { } pairs) return EmbeddingHealth.Of(Embeddings.Unit(pairs.Rows), Embeddings.Unit(pairs.Positives), pairs.Temperature);
        return loss.Terms.Count == 0 ? null : EmbeddingHealth.Of(encoded.Queries[loss.Terms[0].Query], loss.Terms[0].Positives, plan.Contrast!.Temperature);
    }

    private static Tensor OwnRows(IRowsBySample bank, long[] sampleIds, Tensor like)
    {
        using var scope = NewDisposeScope();
        var values = new double[sampleIds.Length * bank.Width];
        for (var i = 0; i < sampleIds.Length; i++) bank.Read(bank.RowOf(sampleIds[i]), values.AsSpan(i * bank.Width, bank.Width));
        return tensor(values, [sampleIds.Length, bank.Width]).to_type(like.dtype).to(like.device).DetachFromDisposeScope();
    }
}
