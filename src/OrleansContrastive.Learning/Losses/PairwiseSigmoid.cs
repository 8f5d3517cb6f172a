using TorchSharp;
using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Losses;

/// <summary>
/// The pairwise sigmoid loss of SigLIP (Zhai et al. 2023, algorithm 1): every pair of a first and a second row is judged by
/// itself, matching or not; no softmax over the batch.
/// </summary>
/// <remarks>
/// L = −(1/B) Σᵢ Σⱼ ln σ(yᵢⱼ (x₁ᵢ·x₂ⱼ/T + b)), y = 1 where i = j and −1 elsewhere. The sum over columns grows with B, as in the
/// paper. Computed in float32, or float64 where the first rows are. Differentiable by autograd.
/// </remarks>
public static class PairwiseSigmoid
{
    /// <summary>The loss with a scale and a bias that are learnt.</summary>
    /// <param name="first">[B, D] unit rows.</param>
    /// <param name="second">[B, D] unit rows; row b belongs to row b of <paramref name="first"/>.</param>
    /// <param name="logScale">A scalar, ln(1/T); the paper starts it at ln 10.</param>
    /// <param name="bias">A scalar b; the paper starts it at −10, since nearly all pairs do not match.</param>
    /// <returns>A scalar.</returns>
    /// <exception cref="ArgumentException">The shapes disagree, or there is no row.</exception>
    public static Tensor Loss(Tensor first, Tensor second, Tensor logScale, Tensor bias)
    {
        LossRows.RequirePairs(first, second);
        RequireNumber(logScale, nameof(logScale));
        RequireNumber(bias, nameof(bias));
        using var scope = NewDisposeScope();
        var logits = LossRows.Widen(first).mm(LossRows.WidenAs(second, first).t())
            .mul(LossRows.WidenAs(logScale, first).exp()).add(LossRows.WidenAs(bias, first));

        // −ln σ(yx) is softplus(−yx).
        var signs = eye(first.shape[0], dtype: logits.dtype, device: logits.device).mul(-2).add(1);
        return logits.mul(signs).softplus(1, LossRows.Linear).sum().div(first.shape[0]).MoveToOuterDisposeScope();
    }

    /// <summary>The loss with a fixed temperature and bias.</summary>
    /// <param name="first">[B, D] unit rows.</param>
    /// <param name="second">[B, D] unit rows.</param>
    /// <param name="temperature">T, positive.</param>
    /// <param name="bias">b.</param>
    /// <inheritdoc cref="Loss(Tensor, Tensor, Tensor, Tensor)"/>
    public static Tensor Loss(Tensor first, Tensor second, double temperature = 0.1, double bias = -10)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(temperature);
        using var scope = NewDisposeScope();
        var type = LossRows.Precision(first);
        return Loss(first, second, tensor(-Math.Log(temperature), dtype: type, device: first.device), tensor(bias, dtype: type, device: first.device))
            .MoveToOuterDisposeScope();
    }

    private static void RequireNumber(Tensor number, string name)
    {
        if (number.numel() != 1)
        {
            throw new ArgumentException($"The {name} is {LossRows.Shape(number)}; expected a single number.", name);
        }
    }
}
