namespace OrleansContrastive.Learning.Evaluation.Linear;

/// <summary>How linear classifiers are trained.</summary>
public sealed record LinearOptions
{
    /// <summary>Passes over the training rows; at least 1.</summary>
    public int Epochs { get; init; } = 100;

    /// <summary>Rows of a step; at least 1.</summary>
    public int Batch { get; init; } = 256;

    /// <summary>Peak learning rates, one classifier each, all trained side by side; above 0.</summary>
    public IReadOnlyList<double> LearningRates { get; init; } = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1];

    /// <summary>Momentum; in [0, 1).</summary>
    public double Momentum { get; init; } = 0.9;

    /// <summary>L2 weight decay, of weights and biases as in <c>torch.optim.SGD</c>.</summary>
    public double WeightDecay { get; init; }

    /// <summary>
    /// Whether features are shifted and scaled to mean 0 and deviation 1 by the training rows' moments, so that one range of
    /// learning rates fits every encoder (a batch norm without parameters before the classifier, as He et al. 2022 use it).
    /// </summary>
    public bool Standardise { get; init; } = true;

    /// <summary>Share of the training rows on which the learning rate is chosen, where there are several; in [0, 1).</summary>
    public double HeldOut { get; init; } = 0.1;

    /// <summary>Seed of the order of the rows and of the held-out part.</summary>
    public ulong Seed { get; init; }

    /// <summary>Checks every value.</summary>
    /// <exception cref="ArgumentException">One is out of range; the message names it.</exception>
    public LinearOptions Validated()
    {
        if (Epochs < 1 || Batch < 1) throw new ArgumentException($"Linear evaluation needs 1 epoch and batches of 1 row or more, found {Epochs} and {Batch}.");
        if (LearningRates.Count == 0 || LearningRates.Any(rate => !(rate > 0 && double.IsFinite(rate))))
            throw new ArgumentException($"Linear evaluation needs learning rates above 0, found: {string.Join(", ", LearningRates)}.");
        if (!(Momentum is >= 0 and < 1)) throw new ArgumentException($"The momentum must lie in [0, 1), found {Momentum}.");
        if (!(WeightDecay >= 0)) throw new ArgumentException($"The weight decay must be 0 or more, found {WeightDecay}.");
        if (!(HeldOut is >= 0 and < 1)) throw new ArgumentException($"The share that is held out must lie in [0, 1), found {HeldOut}.");
        return this;
    }
}

/// <summary>Accuracy of one classifier.</summary>
/// <param name="LearningRate">Its peak learning rate.</param>
/// <param name="Top1">Share of rows whose highest-scored class is theirs, 0 to 1.</param>
/// <param name="Top5">Share of rows whose class is among the five highest-scored, 0 to 1.</param>
public readonly record struct LinearScore(double LearningRate, double Top1, double Top5);

/// <summary>Result of a linear evaluation.</summary>
/// <param name="Test">The classifier that was chosen, on the test rows.</param>
/// <param name="Sweep">Every learning rate on the rows that were held out for the choice; empty where there was no choice.</param>
public sealed record LinearResult(LinearScore Test, IReadOnlyList<LinearScore> Sweep);
