using TorchSharp;
using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Losses;

/// <summary>
/// DINO's loss (Caron et al. 2021, section 3.1): the student's softmax is to equal the teacher's, which is centred, so that no
/// dimension dominates, and sharpened by a lower temperature, so that it does not become uniform.
/// </summary>
/// <remarks>All in float32, or float64 where the inputs are.</remarks>
public static class SelfDistillation
{
    /// <summary>The teacher's softmax((t − c)/T).</summary>
    /// <param name="teacher">[B, P], the outputs of the teacher's head.</param>
    /// <param name="centre">[P] or [1, P], the moving mean of the teacher's outputs over batches.</param>
    /// <param name="temperature">T, positive; 0.04 to 0.07 in the paper.</param>
    /// <returns>[B, P] without gradient; rows sum to 1.</returns>
    /// <exception cref="ArgumentException">The shapes disagree, or there is no row.</exception>
    public static Tensor Targets(Tensor teacher, Tensor centre, double temperature)
    {
        LossRows.RequireRows(teacher);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(temperature);
        if (centre.numel() != teacher.shape[1] || centre.shape[^1] != teacher.shape[1])
        {
            throw new ArgumentException(
                $"The centre is {LossRows.Shape(centre)}; expected [{teacher.shape[1]}], the width of the teacher's rows.", nameof(centre));
        }

        using var still = no_grad();
        using var scope = NewDisposeScope();
        var rows = LossRows.Widen(teacher.detach());
        var shift = LossRows.WidenAs(centre.detach(), teacher).view(1, -1);
        return rows.sub(shift).div(temperature).softmax(1).MoveToOuterDisposeScope();
    }

    /// <summary>The mean over rows of the cross entropy −Σ target ln softmax(student/T), of one pair of crops.</summary>
    /// <param name="student">[B, P], the outputs of the student's head for one crop.</param>
    /// <param name="targets">[B, P], the teacher's for another crop; detached here.</param>
    /// <param name="temperature">T, positive; 0.1 in the paper.</param>
    /// <returns>A scalar, differentiable by autograd in the student's outputs; ln P where they are uniform.</returns>
    /// <exception cref="ArgumentException">The shapes disagree, or there is no row.</exception>
    public static Tensor Loss(Tensor student, Tensor targets, double temperature)
    {
        LossRows.RequirePairs(student, targets);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(temperature);
        return SwappedPrediction.CrossEntropy(student, targets, temperature);
    }
}
