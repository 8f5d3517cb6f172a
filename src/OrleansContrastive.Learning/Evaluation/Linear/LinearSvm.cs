using System.Numerics.Tensors;

namespace OrleansContrastive.Learning.Evaluation.Linear;

/// <summary>
/// Linear support vector machines, one against the rest, with squared hinge: for each class the minimum of
/// ½|w|² + C Σ max(0, 1 - y w·x)², found by dual coordinate descent (Hsieh et al. 2008, algorithm 1). The bias is the weight of
/// a feature that is always 1. Deterministic: classes are solved independently, each in seeded orders. Immutable.
/// </summary>
public sealed class LinearSvm
{
    private const int MostPasses = 1000;

    private readonly float[][] _weights;

    private LinearSvm(float[][] weights) => _weights = weights;

    /// <summary>For each class its F weights and, last, its bias.</summary>
    public IReadOnlyList<float[]> Weights => _weights;

    /// <summary>Solves all classes, several at once.</summary>
    /// <param name="train">Rows with classes, none negative; of unit length by custom.</param>
    /// <param name="chosen">Which of them; null = all.</param>
    /// <param name="cost">C, above 0: how much a violated margin costs.</param>
    /// <param name="seed">Seed of the orders.</param>
    /// <param name="tolerance">The largest violation of the optimality conditions that ends the descent.</param>
    /// <param name="threads">Classes that are solved at once.</param>
    /// <exception cref="ArgumentException">A class is missing, or a number is out of range.</exception>
    public static LinearSvm Fit(FeatureRows train, int[]? chosen, double cost, ulong seed = 0, double tolerance = 0.01, int threads = 1)
    {
        ArgumentNullException.ThrowIfNull(train);
        if (!(cost > 0 && double.IsFinite(cost))) throw new ArgumentException($"The cost of a support vector machine must be above 0, found {cost}.", nameof(cost));
        if (!(tolerance > 0)) throw new ArgumentException($"The tolerance must be above 0, found {tolerance}.", nameof(tolerance));
        var rows = chosen ?? [.. Enumerable.Range(0, train.Count)];
        if (rows.Length == 0 || rows.Any(row => train.Labels[row] < 0)) throw new ArgumentException("There is no row to learn from, or one without a class.", nameof(train));
        // |x|² and the 1 of the bias.
        var norms = Array.ConvertAll(rows, row => 1 + (double)TensorPrimitives.SumOfSquares(train[row]));
        var weights = new float[train.Classes][];
        Parallel.For(0, weights.Length, new ParallelOptions { MaxDegreeOfParallelism = threads }, label => weights[label] = Solve(train, rows, norms, label, cost, seed, tolerance));
        return new(weights);
    }

    /// <summary>The class of the highest score; the lower one of equals.</summary>
    public int Predict(ReadOnlySpan<float> row)
    {
        var (best, highest) = (0, double.NegativeInfinity);
        for (var label = 0; label < _weights.Length; label++)
        {
            var score = Score(_weights[label], row);
            if (score > highest) (best, highest) = (label, score);
        }

        return best;
    }

    /// <summary>Share of rows that are given their class, 0 to 1.</summary>
    /// <param name="rows">Rows with classes.</param>
    /// <param name="chosen">Which of them; null = all.</param>
    public double Accuracy(FeatureRows rows, int[]? chosen = null)
    {
        ArgumentNullException.ThrowIfNull(rows);
        var asked = chosen ?? [.. Enumerable.Range(0, rows.Count)];
        return asked.Length == 0 ? 0 : asked.Count(row => Predict(rows[row]) == rows.Labels[row]) / (double)asked.Length;
    }

    private static double Score(float[] weights, ReadOnlySpan<float> row) => TensorPrimitives.Dot(weights.AsSpan(0, row.Length), row) + weights[row.Length];

    private static float[] Solve(FeatureRows train, int[] rows, double[] norms, int label, double cost, ulong seed, double tolerance)
    {
        var weights = new float[train.Width + 1];
        var multipliers = new double[rows.Length];
        // The squared hinge adds this to the diagonal of the dual.
        var ridge = 1 / (2 * cost);
        for (var pass = 0; pass < MostPasses; pass++)
        {
            var largest = 0.0;
            foreach (var i in LabelSplit.Order(rows.Length, seed, pass + 1))
            {
                var row = train[rows[i]];
                var sign = train.Labels[rows[i]] == label ? 1 : -1;
                var gradient = (sign * Score(weights, row)) - 1 + (ridge * multipliers[i]);
                // At the bound only a descent into the feasible side is a violation.
                var violation = multipliers[i] > 0 ? gradient : Math.Min(gradient, 0);
                if (violation == 0) continue;
                largest = Math.Max(largest, Math.Abs(violation));
                var moved = Math.Max(multipliers[i] - (gradient / (norms[i] + ridge)), 0);
                var by = (float)((moved - multipliers[i]) * sign);
                multipliers[i] = moved;
                var plain = weights.AsSpan(0, train.Width);
                TensorPrimitives.MultiplyAdd(row, by, plain, plain);
                weights[^1] += by;
            }

            if (largest < tolerance) break;
        }

        return weights;
    }
}
