using System.Numerics;
using System.Runtime.InteropServices;

namespace OrleansContrastive.Learning.Optimizers;

/// <summary>
/// Adam with decoupled weight decay (Loshchilov and Hutter 2019, algorithm 2), and the key encoder's moving average, in one
/// pass over memory:
/// <code>
/// u' = β₁·u + (1 − β₁)·a·g          s' = β₂·s + (1 − β₂)·g²
/// θ' = (1 − lr·wd)·θ − lr/(1 − β₁ᵗ) · u' / (√s'/√(1 − β₂ᵗ) + ε)
/// k' = m·k + (1 − m)·θ'
/// </code>
/// With a = 1 the first two lines are <c>torch.optim.AdamW</c>.
/// </summary>
/// <remarks>Products and sums are rounded one by one, in vectors as in the remainder: see <see cref="SgdEmaKernel"/>.
/// Thread-safe: no state.</remarks>
public static class AdamWKernel
{
    /// <summary>Computes the next version of one run of parameters that are updated alike.</summary>
    /// <typeparam name="T"><see cref="float"/> or <see cref="double"/>.</typeparam>
    /// <param name="weights">θ_q, read only.</param>
    /// <param name="gradient">Averaged gradient of the loss.</param>
    /// <param name="mean">u, zeros at the start.</param>
    /// <param name="square">s, zeros at the start.</param>
    /// <param name="keyWeights">θ_k.</param>
    /// <param name="nextWeights">Receives θ_q of the next version.</param>
    /// <param name="nextMean">Receives u'.</param>
    /// <param name="nextSquare">Receives s'.</param>
    /// <param name="nextKeyWeights">Receives θ_k of the next version.</param>
    /// <param name="step">Coefficients.</param>
    /// <exception cref="ArgumentException">The spans differ in length.</exception>
    public static void Step<T>(
        ReadOnlySpan<T> weights,
        ReadOnlySpan<T> gradient,
        ReadOnlySpan<T> mean,
        ReadOnlySpan<T> square,
        ReadOnlySpan<T> keyWeights,
        Span<T> nextWeights,
        Span<T> nextMean,
        Span<T> nextSquare,
        Span<T> nextKeyWeights,
        in AdamWStep step)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        var length = weights.Length;
        SgdEmaKernel.RequireLength(nameof(gradient), gradient.Length, length);
        SgdEmaKernel.RequireLength(nameof(mean), mean.Length, length);
        SgdEmaKernel.RequireLength(nameof(square), square.Length, length);
        SgdEmaKernel.RequireLength(nameof(keyWeights), keyWeights.Length, length);
        SgdEmaKernel.RequireLength(nameof(nextWeights), nextWeights.Length, length);
        SgdEmaKernel.RequireLength(nameof(nextMean), nextMean.Length, length);
        SgdEmaKernel.RequireLength(nameof(nextSquare), nextSquare.Length, length);
        SgdEmaKernel.RequireLength(nameof(nextKeyWeights), nextKeyWeights.Length, length);

        var shrink = T.CreateChecked(1 - step.LearningRate * step.WeightDecay);
        var rate = T.CreateChecked(step.LearningRate / step.Correction1);
        var root = T.CreateChecked(Math.Sqrt(step.Correction2));
        var epsilon = T.CreateChecked(step.Epsilon);
        var (keepMean, takeMean) = (T.CreateChecked(step.Beta1), T.CreateChecked((1 - step.Beta1) * step.GradientScale));
        var (keepSquare, takeSquare) = (T.CreateChecked(step.Beta2), T.CreateChecked(1 - step.Beta2));
        var (keepKey, takeKey) = (T.CreateChecked(step.KeyMomentum), T.CreateChecked(1 - step.KeyMomentum));

        ref var w = ref MemoryMarshal.GetReference(weights);
        ref var g = ref MemoryMarshal.GetReference(gradient);
        ref var u = ref MemoryMarshal.GetReference(mean);
        ref var s = ref MemoryMarshal.GetReference(square);
        ref var k = ref MemoryMarshal.GetReference(keyWeights);
        ref var nw = ref MemoryMarshal.GetReference(nextWeights);
        ref var nu = ref MemoryMarshal.GetReference(nextMean);
        ref var ns = ref MemoryMarshal.GetReference(nextSquare);
        ref var nk = ref MemoryMarshal.GetReference(nextKeyWeights);

        nuint i = 0;
        var vectors = (nuint)(length - length % Vector<T>.Count);
        for (; i < vectors; i += (nuint)Vector<T>.Count)
        {
            var slope = Vector.LoadUnsafe(ref g, i);
            var first = new Vector<T>(keepMean) * Vector.LoadUnsafe(ref u, i) + new Vector<T>(takeMean) * slope;
            var second = new Vector<T>(keepSquare) * Vector.LoadUnsafe(ref s, i) + new Vector<T>(takeSquare) * (slope * slope);
            Vector.StoreUnsafe(first, ref nu, i);
            Vector.StoreUnsafe(second, ref ns, i);
            var scale = Vector.SquareRoot(second) / new Vector<T>(root) + new Vector<T>(epsilon);
            var weight = new Vector<T>(shrink) * Vector.LoadUnsafe(ref w, i) - new Vector<T>(rate) * (first / scale);
            Vector.StoreUnsafe(weight, ref nw, i);
            Vector.StoreUnsafe(new Vector<T>(keepKey) * Vector.LoadUnsafe(ref k, i) + new Vector<T>(takeKey) * weight, ref nk, i);
        }

        for (var j = (int)i; j < length; j++)
        {
            var slope = gradient[j];
            var first = keepMean * mean[j] + takeMean * slope;
            var second = keepSquare * square[j] + takeSquare * (slope * slope);
            var scale = T.Sqrt(second) / root + epsilon;
            var weight = shrink * weights[j] - rate * (first / scale);
            var key = keepKey * keyWeights[j] + takeKey * weight;
            (nextMean[j], nextSquare[j], nextWeights[j], nextKeyWeights[j]) = (first, second, weight, key);
        }
    }
}
