using TorchSharp;
using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Evaluation.Linear;

/// <summary>
/// The training of linear classifiers on features, epoch by epoch: of cached ones, or of views that are new in every epoch.
/// The learning rate falls by half a cosine over all steps. Owns its tensors; on one executor's thread.
/// </summary>
public sealed class LinearTraining : IDisposable
{
    private const int EvaluationChunk = 2048;

    private readonly LinearOptions _options;
    private readonly FeatureScale _scale;
    private readonly SoftmaxHeads _heads;
    private readonly Device _device;
    private readonly int[] _training;
    private readonly long _steps;
    private long _step;

    /// <summary>Begins a training.</summary>
    /// <param name="first">The rows by which features are scaled.</param>
    /// <param name="classes">C; every label is below.</param>
    /// <param name="training">Numbers of the rows to learn from.</param>
    /// <param name="options">How.</param>
    /// <param name="device">Where the classifiers compute.</param>
    public LinearTraining(FeatureRows first, int classes, int[] training, LinearOptions options, Device device)
    {
        ArgumentNullException.ThrowIfNull(first);
        ArgumentNullException.ThrowIfNull(training);
        (_options, _device, _training) = (options.Validated(), device, training);
        if (training.Length == 0) throw new ArgumentException("There is no row to learn from.", nameof(training));
        _scale = options.Standardise ? FeatureScale.Of(first) : FeatureScale.None(first.Width);
        _heads = new(first.Width, classes, options, device);
        _steps = (long)options.Epochs * ((training.Length + options.Batch - 1) / options.Batch);
    }

    /// <summary>One pass over the training rows, in an order that belongs to the epoch.</summary>
    /// <param name="rows">All rows, as this epoch sees them.</param>
    /// <param name="epoch">From 0.</param>
    public void Epoch(FeatureRows rows, int epoch)
    {
        ArgumentNullException.ThrowIfNull(rows);
        using var scope = NewDisposeScope();
        var (table, targets) = (rows.Borrow(), rows.Targets());
        long[] order = [.. LabelSplit.Order(_training.Length, _options.Seed, epoch + 1).Select(place => (long)_training[place])];
        for (var first = 0; first < order.Length; first += _options.Batch)
        {
            using var inner = NewDisposeScope();
            var batch = tensor(order[first..Math.Min(first + _options.Batch, order.Length)]);
            var factor = 0.5 * (1 + Math.Cos(Math.PI * _step++ / _steps));
            _heads.Step(_scale.Apply(table.index_select(0, batch).to(_device)), targets.index_select(0, batch).to(_device), factor);
        }
    }

    /// <summary>Accuracy of every classifier.</summary>
    /// <param name="rows">Rows with classes.</param>
    /// <param name="chosen">Which of them; null = all.</param>
    public IReadOnlyList<LinearScore> Evaluate(FeatureRows rows, int[]? chosen = null)
    {
        ArgumentNullException.ThrowIfNull(rows);
        using var scope = NewDisposeScope();
        var (table, targets) = (rows.Borrow(), rows.Targets());
        var wanted = Array.ConvertAll(chosen ?? [.. Enumerable.Range(0, rows.Count)], row => (long)row);
        if (wanted.Length == 0) throw new ArgumentException("There is no row to judge by.", nameof(rows));
        var hits = new (long Top1, long Top5)[_options.LearningRates.Count];
        for (var first = 0; first < wanted.Length; first += EvaluationChunk)
        {
            using var inner = NewDisposeScope();
            var batch = tensor(wanted[first..Math.Min(first + EvaluationChunk, wanted.Length)]);
            var ranks = _heads.Ranks(_scale.Apply(table.index_select(0, batch).to(_device)), targets.index_select(0, batch).to(_device));
            var (top1, top5) = (Count(ranks, 1), Count(ranks, 5));
            for (var head = 0; head < hits.Length; head++) hits[head] = (hits[head].Top1 + top1[head], hits[head].Top5 + top5[head]);
        }

        return [.. _options.LearningRates.Select((rate, head) => new LinearScore(rate, (double)hits[head].Top1 / wanted.Length, (double)hits[head].Top5 / wanted.Length))];

        static long[] Count(Tensor ranks, int below) => ranks.lt(below).sum(0L).to_type(ScalarType.Int64).cpu().data<long>().ToArray();
    }

    /// <inheritdoc/>
    public void Dispose() => _heads.Dispose();
}
