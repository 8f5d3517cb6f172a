using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Encoders;

/// <summary>A layer with statistics of the batches that it has seen. What a training pass saw travels with the gradient and is folded into the
/// running statistics by the parameter server, in commit order (0.9 of the old and 0.1 of the new).</summary>
public interface IRunningStatistics
{
    /// <summary>Running mean, [C].</summary>
    Tensor RunningMean { get; }

    /// <summary>Running variance, [C].</summary>
    Tensor RunningVariance { get; }

    /// <summary>What the last training pass saw.</summary>
    BatchMoments Moments { get; }
}
