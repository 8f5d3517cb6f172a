using System.Numerics.Tensors;

namespace OrleansContrastive.Learning.Evaluation.Maps;

/// <summary>
/// p_ij of t-SNE (van der Maaten and Hinton, 2008, section 2): how likely one row would choose another as its neighbour under a
/// Gaussian whose width gives each row the same perplexity, made symmetric. Only the 3 x perplexity nearest of each row count (van der
/// Maaten, 2014, section 4.1). Immutable.
/// </summary>
internal sealed class Affinities
{
    private const int MostHalvings = 60;

    private Affinities(int[] starts, int[] neighbours, float[] probabilities) => (Starts, Neighbours, Probabilities) = (starts, neighbours, probabilities);

    /// <summary>Where each row's neighbours begin, and the end of the last one's.</summary>
    public int[] Starts { get; }

    /// <summary>The neighbours of all rows, one row after the other, ascending.</summary>
    public int[] Neighbours { get; }

    /// <summary>p_ij of each; all together sum to 1.</summary>
    public float[] Probabilities { get; }

    /// <summary>Of rows [n x width]; at least 3 rows.</summary>
    public static Affinities Of(float[] values, int width, double perplexity)
    {
        var rows = values.Length / width;
        var wanted = Math.Min(rows - 1, (int)Math.Ceiling(3 * perplexity));
        var near = new (int Row, double P)[rows][];
        Parallel.For(0, rows, row => near[row] = Conditional(values, width, row, wanted, Math.Min(perplexity, wanted * 0.99)));

        // p_ij = (p_j|i + p_i|j) / 2n
        var joint = new SortedDictionary<int, double>[rows];
        for (var row = 0; row < rows; row++) joint[row] = [];
        for (var row = 0; row < rows; row++)
        {
            foreach (var (other, p) in near[row])
            {
                joint[row][other] = joint[row].GetValueOrDefault(other) + (p / (2.0 * rows));
                joint[other][row] = joint[other].GetValueOrDefault(row) + (p / (2.0 * rows));
            }
        }

        var starts = new int[rows + 1];
        for (var row = 0; row < rows; row++) starts[row + 1] = starts[row] + joint[row].Count;
        return new(starts, [.. joint.SelectMany(of => of.Keys)], [.. joint.SelectMany(of => of.Values).Select(p => (float)p)]);
    }

    /// <summary>p_j|i of the nearest rows, with the width of the Gaussian found by halving.</summary>
    internal static (int Row, double P)[] Conditional(float[] values, int width, int row, int wanted, double perplexity)
    {
        var own = values.AsSpan(row * width, width);
        var rows = values.Length / width;
        var distances = new double[rows];
        for (var other = 0; other < rows; other++)
        {
            var distance = TensorPrimitives.Distance<float>(own, values.AsSpan(other * width, width));
            distances[other] = (double)distance * distance;
        }

        var nearest = Enumerable.Range(0, rows).Where(other => other != row).ToArray();
        Array.Sort([.. nearest.Select(other => distances[other])], nearest);
        nearest = nearest[..wanted];
        // Relative to the nearest, so that the exponentials cannot all vanish.
        var least = distances[nearest[0]];
        var squares = nearest.Select(other => distances[other] - least).ToArray();
        var target = Math.Log(perplexity);
        var (low, high, beta) = (0.0, double.PositiveInfinity, 1 / Math.Max(squares.Average(), 1e-12));
        var p = new double[wanted];
        for (var halving = 0; halving < MostHalvings; halving++)
        {
            var (sum, weighted) = (0.0, 0.0);
            for (var i = 0; i < wanted; i++)
            {
                p[i] = Math.Exp(-beta * squares[i]);
                sum += p[i];
                weighted += p[i] * squares[i];
            }

            for (var i = 0; i < wanted; i++) p[i] /= sum;
            var entropy = Math.Log(sum) + (beta * weighted / sum);
            if (Math.Abs(entropy - target) < 1e-6) break;
            if (entropy > target) (low, beta) = (beta, double.IsPositiveInfinity(high) ? beta * 2 : (beta + high) / 2);
            else (high, beta) = (beta, (beta + low) / 2);
        }

        return [.. nearest.Zip(p)];
    }
}
