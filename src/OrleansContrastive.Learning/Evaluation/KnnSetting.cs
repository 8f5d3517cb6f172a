namespace OrleansContrastive.Learning.Evaluation;

/// <summary>One setting of the weighted nearest-neighbour classifier.</summary>
/// <param name="Neighbours">k; capped at the number of training rows.</param>
/// <param name="Temperature">T of the vote weights exp(s/T).</param>
public readonly record struct KnnSetting(int Neighbours, double Temperature)
{
    /// <summary>k = 200, T = 0.1: MoCo's CIFAR-10 demo and most published figures.</summary>
    public static KnnSetting Standard { get; } = new(200, 0.1);

    /// <summary>k = 20, T = 0.07.</summary>
    public static KnnSetting Local { get; } = new(20, 0.07);

    /// <summary>Every k with every T, to be judged in one pass.</summary>
    public static IReadOnlyList<KnnSetting> Grid(IReadOnlyList<int> neighbours, IReadOnlyList<double> temperatures) =>
        [.. neighbours.SelectMany(k => temperatures.Select(t => new KnnSetting(k, t)))];
}

/// <summary>Accuracy of one setting.</summary>
/// <param name="Setting">k and T.</param>
/// <param name="Top1">Share of test rows whose highest-scored class is theirs, 0 to 1.</param>
/// <param name="Top5">Share of test rows whose class is among the five highest-scored, 0 to 1.</param>
public readonly record struct KnnScore(KnnSetting Setting, double Top1, double Top5);
