using System.Numerics;
using System.Runtime.InteropServices;

namespace OrleansContrastive.Learning.Optimizers;

/// <summary>
/// Stochastic gradient descent with momentum, and the key encoder's moving average, in one pass over memory:
/// <code>
/// g  = a·gradient + wd·θ        v' = μ·v + g
/// θ' = θ − lr·(nesterov ? g + μ·v' : v')
/// k' = m·k + (1 − m)·θ'         (He et al. 2020, MoCo, eq. 2)
/// </code>
/// With a = 1 the first three lines are <c>torch.optim.SGD</c> without dampening, from zero velocity.
/// </summary>
/// <remarks>
/// Products and sums are rounded one by one, never fused, in vectors as in the remainder. Hence the result of an element
/// depends neither on its position nor on the processor, and a shard of any size gives the bits of the whole.
/// Thread-safe: no state.
/// </remarks>
public static class SgdEmaKernel
{
    /// <summary>Computes the next version of one run of parameters that share their weight decay.</summary>
    /// <typeparam name="T"><see cref="float"/> or <see cref="double"/>.</typeparam>
    /// <param name="weights">θ_q, read only.</param>
    /// <param name="gradient">Averaged gradient of the loss.</param>
    /// <param name="velocity">Momentum buffer, zeros at the start.</param>
    /// <param name="keyWeights">θ_k.</param>
    /// <param name="nextWeights">Receives θ_q of the next version.</param>
    /// <param name="nextVelocity">Receives the velocity of the next version.</param>
    /// <param name="nextKeyWeights">Receives θ_k of the next version, which encodes the keys of the next step.</param>
    /// <param name="step">Coefficients.</param>
    /// <exception cref="ArgumentException">The spans differ in length.</exception>
    public static void Step<T>(
        ReadOnlySpan<T> weights,
        ReadOnlySpan<T> gradient,
        ReadOnlySpan<T> velocity,
        ReadOnlySpan<T> keyWeights,
        Span<T> nextWeights,
        Span<T> nextVelocity,
        Span<T> nextKeyWeights,
        in SgdStep step)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        var length = weights.Length;
        RequireLength(nameof(gradient), gradient.Length, length);
        RequireLength(nameof(velocity), velocity.Length, length);
        RequireLength(nameof(keyWeights), keyWeights.Length, length);
        RequireLength(nameof(nextWeights), nextWeights.Length, length);
        RequireLength(nameof(nextVelocity), nextVelocity.Length, length);
        RequireLength(nameof(nextKeyWeights), nextKeyWeights.Length, length);

        var rate = T.CreateChecked(step.LearningRate);
        var momentum = T.CreateChecked(step.Momentum);
        var decay = T.CreateChecked(step.WeightDecay);
        var scale = T.CreateChecked(step.GradientScale);
        var keep = T.CreateChecked(step.KeyMomentum);
        var take = T.CreateChecked(1.0 - step.KeyMomentum);

        ref var w = ref MemoryMarshal.GetReference(weights);
        ref var g = ref MemoryMarshal.GetReference(gradient);
        ref var v = ref MemoryMarshal.GetReference(velocity);
        ref var k = ref MemoryMarshal.GetReference(keyWeights);
        ref var nw = ref MemoryMarshal.GetReference(nextWeights);
        ref var nv = ref MemoryMarshal.GetReference(nextVelocity);
        ref var nk = ref MemoryMarshal.GetReference(nextKeyWeights);

        nuint i = 0;
        var vectors = (nuint)(length - length % Vector<T>.Count);
        for (; i < vectors; i += (nuint)Vector<T>.Count)
        {
            var weight = Vector.LoadUnsafe(ref w, i);
            var slope = new Vector<T>(scale) * Vector.LoadUnsafe(ref g, i) + new Vector<T>(decay) * weight;
            var speed = new Vector<T>(momentum) * Vector.LoadUnsafe(ref v, i) + slope;
            var direction = step.Nesterov ? slope + new Vector<T>(momentum) * speed : speed;
            weight -= new Vector<T>(rate) * direction;
            Vector.StoreUnsafe(weight, ref nw, i);
            Vector.StoreUnsafe(speed, ref nv, i);
            var key = new Vector<T>(keep) * Vector.LoadUnsafe(ref k, i) + new Vector<T>(take) * weight;
            Vector.StoreUnsafe(key, ref nk, i);
        }

        for (var j = (int)i; j < length; j++)
        {
            var slope = scale * gradient[j] + decay * weights[j];
            var speed = momentum * velocity[j] + slope;
            var direction = step.Nesterov ? slope + momentum * speed : speed;
            var weight = weights[j] - rate * direction;
            nextWeights[j] = weight;
            nextVelocity[j] = speed;
            nextKeyWeights[j] = keep * keyWeights[j] + take * weight;
        }
    }

    internal static void RequireLength(string name, int found, int expected)
    {
        if (found != expected)
        {
            throw new ArgumentException($"{name} has {found} elements; expected {expected}, as the weights have.", name);
        }
    }
}
