using System.Numerics.Tensors;

namespace OrleansContrastive.Learning.Evaluation.Linear;

/// <summary>Accuracy at one cost, 0 to 1.</summary>
public readonly record struct SvmScore(double Cost, double Top1);

/// <summary>Result of an evaluation by support vector machines.</summary>
/// <param name="Test">The cost that was chosen, and its accuracy on the test rows.</param>
/// <param name="Sweep">Every cost on the rows that were held out for the choice; empty where there was no choice.</param>
public sealed record SvmResult(SvmScore Test, IReadOnlyList<SvmScore> Sweep);

/// <summary>
/// Linear support vector machines on frozen features (the protocol of Goyal et al. 2019): rows less the training rows' mean, of unit
/// length, the cost chosen on a held-out fifth of the training rows, then all of them. Deterministic; no tensors, any thread.
/// </summary>
public static class SvmEvaluation
{
    private const double HeldOut = 0.2;

    /// <summary>The costs that are tried where none are given.</summary>
    public static IReadOnlyList<double> Costs { get; } = [0.1, 1, 10, 100];

    /// <summary>Trains on some rows and judges on others.</summary>
    /// <param name="train">Rows with classes, none negative; shifted and scaled here.</param>
    /// <param name="test">Rows with classes.</param>
    /// <param name="costs">Costs to choose from.</param>
    /// <param name="seed">Seed of the orders and of the held-out part.</param>
    /// <param name="threads">Classes that are solved at once.</param>
    /// <param name="cancellationToken">Ends it between two machines.</param>
    /// <exception cref="ArgumentException">A class is missing, widths differ, or a cost is out of range.</exception>
    public static SvmResult Run(
        FeatureRows train, FeatureRows test, IReadOnlyList<double> costs, ulong seed, int threads, CancellationToken cancellationToken = default)
    {
        LinearEvaluation.Require(train, test);
        if (costs.Count == 0) throw new ArgumentException("There is no cost to try.", nameof(costs));
        var mean = Mean(train);
        var (unit, asked) = (Prepare(train, mean), Prepare(test, mean));
        IReadOnlyList<SvmScore> sweep = [];
        var cost = costs[0];
        if (costs.Count > 1)
        {
            var (kept, heldOut) = LabelSplit.HoldOut(unit.Count, HeldOut, seed);
            if (heldOut.Length == 0) throw new ArgumentException($"{train.Count} training rows leave none to choose among {costs.Count} costs by.", nameof(train));
            var tried = new List<SvmScore>();
            foreach (var candidate in costs)
            {
                cancellationToken.ThrowIfCancellationRequested();
                tried.Add(new(candidate, LinearSvm.Fit(unit, kept, candidate, seed, threads: threads).Accuracy(unit, heldOut)));
            }

            sweep = tried;
            cost = sweep.MaxBy(score => score.Top1).Cost;
        }

        cancellationToken.ThrowIfCancellationRequested();
        return new(new(cost, LinearSvm.Fit(unit, null, cost, seed, threads: threads).Accuracy(asked)), sweep);
    }

    // Features behind a ReLU share most of their length, and the descent would spend its time on what they share.
    private static float[] Mean(FeatureRows rows)
    {
        var sum = new double[rows.Width];
        for (var row = 0; row < rows.Count; row++)
        {
            var values = rows[row];
            for (var i = 0; i < sum.Length; i++) sum[i] += values[i];
        }

        return Array.ConvertAll(sum, value => (float)(value / rows.Count));
    }

    private static FeatureRows Prepare(FeatureRows rows, float[] mean)
    {
        var values = new float[rows.Values.Length];
        for (var row = 0; row < rows.Count; row++) TensorPrimitives.Subtract(rows[row], mean, values.AsSpan(row * rows.Width, rows.Width));
        return new FeatureRows(values, rows.Width, rows.Labels).Unit();
    }
}
