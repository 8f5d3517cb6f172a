using Orleans;

namespace OrleansContrastive.Contracts.Runs;

/// <summary>How the embeddings of a batch lie on the unit sphere.</summary>
/// <param name="Alignment">Mean squared distance of a row and its positive, 0 to 4.</param>
/// <param name="Uniformity">ln of the mean of exp(−2 d²) over pairs of rows; 0 where all are equal, lower is more even.</param>
/// <param name="StdRootD">Deviation over the rows times √D: 0 after a collapse, about 1 where rows spread evenly.</param>
/// <param name="EffectiveRank">exp of the entropy of the singular values: 1 after a collapse onto a line, at most D.</param>
/// <param name="ContrastiveAccuracy">Share of rows nearer to their positive than to every other's.</param>
/// <param name="SoftmaxEntropy">Mean entropy of the softmax over the positives of the batch, in nats.</param>
/// <param name="PositiveSimilarity">Mean cosine of a row and its positive.</param>
/// <param name="HardestNegativeSimilarity">Mean cosine of a row and the most similar one of the others' positives.</param>
[GenerateSerializer, Immutable, Alias("oc.health-report")]
public readonly record struct HealthReport(
    [property: Id(0)] double Alignment,
    [property: Id(1)] double Uniformity,
    [property: Id(2)] double StdRootD,
    [property: Id(3)] double EffectiveRank,
    [property: Id(4)] double ContrastiveAccuracy,
    [property: Id(5)] double SoftmaxEntropy,
    [property: Id(6)] double PositiveSimilarity,
    [property: Id(7)] double HardestNegativeSimilarity);
