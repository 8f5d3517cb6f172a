namespace OrleansContrastive.Learning.Losses;

/// <summary>What a contrastive step reports: the mean loss and how to read it.</summary>
/// <param name="Samples">Queries behind the means.</param>
/// <param name="Loss">Mean loss, in nats, of one direction.</param>
/// <param name="ChanceLevel">Mean of ln(valid + 1): what a network that tells nothing apart would lose.</param>
/// <param name="Negatives">Mean number of negatives that counted, own samples excluded.</param>
/// <param name="PositiveSimilarity">Mean cosine of query and key, −1 to 1.</param>
/// <param name="Accuracy">Share of queries that lie closer to their key than to every negative, 0 to 1. Ties count as
/// misses, so a collapsed network shows 0.</param>
/// <param name="Entropy">Mean entropy of the softmax over key and negatives, in nats; near the chance level at the start.</param>
public readonly record struct LossValue(
    int Samples,
    double Loss,
    double ChanceLevel,
    double Negatives,
    double PositiveSimilarity,
    double Accuracy,
    double Entropy)
{
    /// <summary>Whether the loss is a number. Where it is not, the gradients are not either, and the step is skipped.</summary>
    public bool IsFinite => double.IsFinite(Loss);

    /// <summary>Means over several passes, weighted by their samples: the two directions of a symmetric step, or lanes.</summary>
    /// <exception cref="ArgumentException">There are none.</exception>
    public static LossValue Mean(params IReadOnlyList<LossValue> values) =>
        Weighted([.. values.Select(value => (value, (double)value.Samples))]) with { Samples = values.Sum(value => value.Samples) };

    /// <summary>Means of several contrasts of the same samples, by weights that need not sum to 1.</summary>
    /// <exception cref="ArgumentException">There are none, or they weigh nothing.</exception>
    public static LossValue Weighted(IReadOnlyList<(LossValue Value, double Weight)> values)
    {
        var total = values.Sum(value => value.Weight);
        if (!(total > 0)) throw new ArgumentException("There are no losses to average.", nameof(values));

        double Of(Func<LossValue, double> field) => values.Sum(value => field(value.Value) * value.Weight) / total;
        return new(
            values[0].Value.Samples,
            Of(value => value.Loss),
            Of(value => value.ChanceLevel),
            Of(value => value.Negatives),
            Of(value => value.PositiveSimilarity),
            Of(value => value.Accuracy),
            Of(value => value.Entropy));
    }
}
