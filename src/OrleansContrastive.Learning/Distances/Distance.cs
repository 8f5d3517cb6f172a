namespace OrleansContrastive.Learning.Distances;

/// <summary>The distances that need no setting.</summary>
public static class Distance
{
    /// <summary>x·y/(|x||y|), in [−1, 1]; larger is nearer.</summary>
    public static IDistance Cosine { get; } = new CosineSimilarity();

    /// <summary>x·y; larger is nearer.</summary>
    public static IDistance Dot { get; } = new DotProduct();

    /// <summary>|x − y|.</summary>
    public static IDistance Euclidean { get; } = new EuclideanDistance();

    /// <summary>|x − y|².</summary>
    public static IDistance SquaredEuclidean { get; } = new SquaredEuclideanDistance();

    /// <summary>Σ |x − y|.</summary>
    public static IDistance Manhattan { get; } = new ManhattanDistance();

    /// <summary>KL(x‖y) of probability rows, in nats.</summary>
    public static IDistance KullbackLeibler { get; } = new KullbackLeiblerDivergence();

    /// <summary>Jensen-Shannon divergence of probability rows, in nats.</summary>
    public static IDistance JensenShannon { get; } = new JensenShannonDivergence();
}
