using TorchSharp;
using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Evaluation;

internal static class ClassRanks
{
    /// <summary>
    /// Places of the true classes in the order of the scores, 0 for the first; the number of classes where a score is no number.
    /// Equal scores go to the lower class, so that a classifier that knows nothing is not right about everything.
    /// </summary>
    /// <param name="scores">[B, S, C], of S classifiers.</param>
    /// <param name="targets">[B] of int64, each in [0, C).</param>
    /// <returns>[B, S] of int64.</returns>
    internal static Tensor Of(Tensor scores, Tensor targets)
    {
        using var scope = NewDisposeScope();
        var classes = scores.shape[2];
        var places = targets.view(-1, 1, 1).expand(scores.shape[0], scores.shape[1], 1);
        var truth = scores.gather(2, places);
        var lower = arange(classes, dtype: ScalarType.Int64, device: scores.device).lt(places);
        var ahead = scores.gt(truth).logical_or(scores.eq(truth).logical_and(lower)).sum(2);
        return ahead.masked_fill(truth.squeeze(2).isfinite().logical_not(), classes).MoveToOuterDisposeScope();
    }
}
