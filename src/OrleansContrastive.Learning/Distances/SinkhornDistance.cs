using TorchSharp;
using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Distances;

/// <summary>
/// The cost of moving one histogram onto another under the plan of entropy-regularised transport (Cuturi 2013): ⟨P, C⟩ for the P
/// that Sinkhorn's rounds reach, in log space, for any costs between bins. An upper bound of the exact cost once the rounds have
/// converged, which it nears as ε falls; that of a row to itself is not 0.
/// </summary>
/// <remarks>
/// Rows are probabilities (not checked); entries below 1e-12 stand as 1e-12. The gradient goes through the rounds. A row with a
/// row takes D² numbers a round, all pairs N·M·D², which are worked off row by row but kept where there is a gradient.
/// </remarks>
public sealed class SinkhornDistance : IDistance
{
    private readonly double[] _costs;
    private readonly int _bins;
    private readonly double _epsilon;
    private readonly int _rounds;

    /// <summary>A distance for histograms of as many bins as the costs have rows.</summary>
    /// <param name="costs">[D, D], from bin to bin.</param>
    /// <param name="epsilon">Strength of the entropy, in units of the costs, positive.</param>
    /// <param name="rounds">At least 1.</param>
    /// <exception cref="ArgumentException">The costs are not square.</exception>
    public SinkhornDistance(double[,] costs, double epsilon, int rounds = 100)
    {
        ArgumentNullException.ThrowIfNull(costs);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(epsilon);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(rounds);
        if (costs.GetLength(0) != costs.GetLength(1))
        {
            throw new ArgumentException($"The costs are [{costs.GetLength(0)}, {costs.GetLength(1)}]; expected [D, D].", nameof(costs));
        }

        (_costs, _bins, _epsilon, _rounds) = ([.. costs.Cast<double>()], costs.GetLength(0), epsilon, rounds);
    }

    /// <inheritdoc/>
    public bool IsSimilarity => false;

    /// <summary>Histograms over equally spaced bins, the cost of a move being its length: <see cref="HistogramWasserstein"/> with entropy.</summary>
    public static SinkhornDistance OnLine(int bins, double epsilon, int rounds = 100, double spacing = 1)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bins);
        var costs = new double[bins, bins];
        for (var i = 0; i < bins; i++)
        {
            for (var j = 0; j < bins; j++) costs[i, j] = spacing * Math.Abs(i - j);
        }

        return new(costs, epsilon, rounds);
    }

    /// <inheritdoc/>
    public Tensor Pairwise(Tensor rows, Tensor others)
    {
        using var scope = NewDisposeScope();
        var (a, b) = DistanceRows.Widen(rows, others);
        var count = others.shape[0];
        Tensor[] each = [.. Enumerable.Range(0, (int)rows.shape[0]).Select(row => Aligned(a.narrow(0, row, 1).expand(count, a.shape[1]), b))];
        return (each.Length == 0 ? a.new_zeros(0, count) : stack(each)).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public Tensor Aligned(Tensor rows, Tensor others)
    {
        using var scope = NewDisposeScope();
        var (a, b) = DistanceRows.WidenAligned(rows, others);
        if (a.shape[1] != _bins)
        {
            throw new ArgumentException($"The rows have {a.shape[1]} bins; expected {_bins}, as many as the costs.", nameof(rows));
        }

        var costs = tensor(_costs, [_bins, _bins], dtype: a.dtype, device: a.device);
        var kernel = costs.div(-_epsilon);
        var (source, target) = (KullbackLeiblerDivergence.Logarithm(a), KullbackLeiblerDivergence.Logarithm(b));
        var (left, right) = (zeros_like(source), zeros_like(target));
        for (var round = 0; round < _rounds; round++)
        {
            left = source.sub(kernel.add(right.unsqueeze(1)).logsumexp(2));
            right = target.sub(kernel.add(left.unsqueeze(2)).logsumexp(1));
        }

        var plan = kernel.add(left.unsqueeze(2)).add(right.unsqueeze(1)).exp();
        return plan.mul(costs).sum([1, 2]).MoveToOuterDisposeScope();
    }
}
