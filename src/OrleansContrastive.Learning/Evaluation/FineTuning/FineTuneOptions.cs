namespace OrleansContrastive.Learning.Evaluation.FineTuning;

/// <summary>How a whole network is trained on few labels.</summary>
public sealed record FineTuneOptions
{
    /// <summary>Passes over the labelled images; at least 1.</summary>
    public int Epochs { get; init; } = 30;

    /// <summary>Images of a step; at least 1.</summary>
    public int Batch { get; init; } = 64;

    /// <summary>Peak learning rate of the encoder; 0 keeps its weights (its batch-norm moments still follow).</summary>
    public double LearningRate { get; init; } = 0.1;

    /// <summary>Peak learning rate of the classifier; above 0.</summary>
    public double HeadLearningRate { get; init; } = 0.2;

    /// <summary>Nesterov's momentum; in (0, 1).</summary>
    public double Momentum { get; init; } = 0.9;

    /// <summary>L2 weight decay; 0 as SimCLR has it (Chen et al. 2020, appendix B.5).</summary>
    public double WeightDecay { get; init; }

    /// <summary>Seed of the order of the images and of their views.</summary>
    public ulong Seed { get; init; }

    /// <summary>Checks every value.</summary>
    /// <exception cref="ArgumentException">One is out of range; the message names it.</exception>
    public FineTuneOptions Validated()
    {
        if (Epochs < 1 || Batch < 1) throw new ArgumentException($"Fine-tuning needs 1 epoch and batches of 1 image or more, found {Epochs} and {Batch}.");
        if (!(LearningRate >= 0) || !(HeadLearningRate > 0))
            throw new ArgumentException($"Fine-tuning needs learning rates of 0 or more and above 0, found {LearningRate} and {HeadLearningRate}.");
        if (!(Momentum is > 0 and < 1)) throw new ArgumentException($"The momentum of fine-tuning must lie in (0, 1), found {Momentum}.");
        if (!(WeightDecay >= 0)) throw new ArgumentException($"The weight decay must be 0 or more, found {WeightDecay}.");
        return this;
    }
}
