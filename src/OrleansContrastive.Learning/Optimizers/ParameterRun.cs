using OrleansContrastive.Learning.Encoders;

namespace OrleansContrastive.Learning.Optimizers;

/// <summary>Consecutive parameters of a shard that are updated alike: a tensor, or several neighbours.</summary>
/// <param name="Offset">First element in the shard.</param>
/// <param name="Length">Number of elements.</param>
/// <param name="Decays">Whether weight decay applies (MoCo: to everything; LARS recipes: not to biases and norms).</param>
/// <param name="FixedRate">Whether the rate stays what it is at the peak: no warm-up, no schedule (SimSiam's predictor).</param>
/// <param name="Alone">Whether it is one whole tensor and stays so, since its norm counts (LARS, clipping).</param>
/// <param name="IsVector">Whether the tensor has one dimension at most: a bias, or a norm's scale.</param>
/// <param name="Frozen">Whether it stays what it is, in θ_k too.</param>
public readonly record struct ParameterRun(
    int Offset, int Length, bool Decays, bool FixedRate = false, bool Alone = false, bool IsVector = false, bool Frozen = false)
{
    /// <summary>The runs of a parameter shard, as its layout says.</summary>
    /// <param name="layout">The tensors of the shard.</param>
    /// <param name="optimizer">Who updates them; null = <see cref="Optimizer.Sgd"/>.</param>
    /// <param name="fixedRateParts">Names of the parts whose rate is fixed, such as <c>predictor</c>: a tensor's name or its beginning
    /// up to a dot.</param>
    public static ParameterRun[] Of(ShardLayout layout, Optimizer? optimizer = null, IReadOnlyList<string>? fixedRateParts = null)
    {
        ArgumentNullException.ThrowIfNull(layout);
        var alone = optimizer is { TakesNorms: true };
        return Join(
            layout.Parameters.Select(slot => new ParameterRun(
                checked((int)slot.Offset),
                slot.Length,
                slot.Decays,
                fixedRateParts?.Any(part => slot.Name == part || slot.Name.StartsWith(part + ".", StringComparison.Ordinal)) ?? false,
                alone,
                alone && slot.Shape.Length <= 1,
                slot.Frozen)),
            checked((int)layout.ParameterCount));
    }

    /// <summary>Joins neighbours that are updated alike and checks that the runs cover a shard without a gap.</summary>
    /// <param name="runs">Runs in ascending order, such as one per tensor.</param>
    /// <param name="total">Number of elements in the shard.</param>
    /// <exception cref="ArgumentException">The runs overlap, leave a gap or end elsewhere.</exception>
    public static ParameterRun[] Join(IEnumerable<ParameterRun> runs, int total)
    {
        var joined = new List<ParameterRun>();
        var next = 0;
        foreach (var run in runs)
        {
            if (run.Offset != next)
            {
                throw new ArgumentException($"A run of parameters begins at {run.Offset}; expected {next}.", nameof(runs));
            }

            next = checked(run.Offset + run.Length);
            if (joined.Count > 0 && !run.Alone && joined[^1] with { Offset = 0, Length = 0 } == run with { Offset = 0, Length = 0 })
            {
                joined[^1] = joined[^1] with { Length = joined[^1].Length + run.Length };
            }
            else
            {
                joined.Add(run);
            }
        }

        if (next != total)
        {
            throw new ArgumentException($"The runs of parameters end at {next}; expected {total}.", nameof(runs));
        }

        return [.. joined];
    }
}
