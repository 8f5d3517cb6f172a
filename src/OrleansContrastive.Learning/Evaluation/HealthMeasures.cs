namespace OrleansContrastive.Learning.Evaluation;

/// <summary>How the embeddings of one batch lie on the sphere; made by <see cref="EmbeddingHealth"/>.</summary>
public readonly record struct HealthMeasures
{
    /// <summary>Mean of |x - x⁺|² over the positive pairs, 0 (best) to 4 (Wang and Isola 2020, section 4.1.1, α = 2).</summary>
    public required double Alignment { get; init; }

    /// <summary>
    /// Logarithm of the mean of exp(-2 |x - y|²) over pairs of different rows: 0 where all rows are equal, lower where they
    /// spread evenly (Wang and Isola 2020, section 4.1.2, t = 2).
    /// </summary>
    public required double Uniformity { get; init; }

    /// <summary>
    /// Standard deviation over the rows, averaged over the D dimensions, times √D: 0 where all rows are equal, about 1 where
    /// they spread evenly, never above (Chen and He 2021, section 4.1).
    /// </summary>
    public required double StdRootD { get; init; }

    /// <summary>
    /// exp of the entropy of the rows' singular values, normalised to sum 1: from 1 (all on one line) to min(B, D)
    /// (Roy and Vetterli 2007; of embeddings: Garrido et al. 2023).
    /// </summary>
    public required double EffectiveRank { get; init; }

    /// <summary>Share of the rows that are more similar to their positive than to every other row's, 0 to 1.</summary>
    public required double ContrastiveAccuracy { get; init; }

    /// <summary>Mean entropy of the softmax over the B positives at the temperature, in nats: from 0 to ln B.</summary>
    public required double SoftmaxEntropy { get; init; }

    /// <summary>Mean cosine of a row and its positive.</summary>
    public required double PositiveSimilarity { get; init; }

    /// <summary>Mean cosine of a row and the most similar one of the others' positives.</summary>
    public required double HardestNegativeSimilarity { get; init; }

    /// <summary>Rows B that were looked at.</summary>
    public required int Rows { get; init; }

    /// <summary>D, the numbers of a row.</summary>
    public required int Width { get; init; }

    /// <summary>Whether every measure is a number.</summary>
    public bool IsFinite => double.IsFinite(Alignment + Uniformity + StdRootD + EffectiveRank + SoftmaxEntropy + PositiveSimilarity + HardestNegativeSimilarity);
}
