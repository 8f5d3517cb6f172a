using System.Numerics;
using System.Runtime.InteropServices;

namespace OrleansContrastive.Learning.Optimizers;

/// <summary>
/// Carries a gradient from the weights that it was taken at to the weights that it is applied to, by the first term of
/// its Taylor series with the diagonal of g·gᵀ for the Hessian (Zheng et al. 2017, DC-ASGD, algorithm 2 and section 5):
/// <code>
/// g' = g + λ·g²·(θ − θ_base)                                    constant
/// s' = 0.95·s + 0.05·g²,   g' = g + λ/√(s' + 1e-7)·g²·(θ − θ_base)   adaptive
/// </code>
/// </summary>
/// <remarks>
/// Derived for plain SGD; with momentum the gradient is compensated before it enters the velocity. A gradient without delay
/// keeps its value. Products and sums are rounded one by one, in vectors as in the remainder, so that an element's
/// bits do not depend on its position or the processor. Immutable and thread-safe.
/// </remarks>
/// <param name="BaseWeights">θ_base of the whole shard, little-endian elements.</param>
/// <param name="Strength">λ; about 0.04, adaptive about 2.</param>
/// <param name="Adaptive">Divides λ by the root of the squared gradient's moving mean.</param>
public sealed record DelayCompensation(ReadOnlyMemory<byte> BaseWeights, double Strength, bool Adaptive)
{
    /// <summary>Share of the past in the moving mean of the squared gradient.</summary>
    public const double Retention = 0.95;

    /// <summary>Keeps the root away from zero.</summary>
    public const double Epsilon = 1e-7;

    /// <summary>Compensates one run of elements.</summary>
    /// <typeparam name="T"><see cref="float"/> or <see cref="double"/>.</typeparam>
    /// <param name="weights">θ, that the gradient is about to change.</param>
    /// <param name="baseWeights">θ_base, that it was taken at.</param>
    /// <param name="gradient">g.</param>
    /// <param name="meanSquare">s; empty unless adaptive.</param>
    /// <param name="nextMeanSquare">Receives s'; empty unless adaptive.</param>
    /// <param name="compensated">Receives g'; may be <paramref name="gradient"/>.</param>
    /// <exception cref="ArgumentException">The spans differ in length.</exception>
    public void Apply<T>(
        ReadOnlySpan<T> weights,
        ReadOnlySpan<T> baseWeights,
        ReadOnlySpan<T> gradient,
        ReadOnlySpan<T> meanSquare,
        Span<T> nextMeanSquare,
        Span<T> compensated)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        var length = weights.Length;
        var squares = Adaptive ? length : 0;
        if (baseWeights.Length != length || gradient.Length != length || compensated.Length != length
            || meanSquare.Length != squares || nextMeanSquare.Length != squares)
        {
            throw new ArgumentException(
                $"Delay compensation of {length} weights got {baseWeights.Length} base weights, {gradient.Length} gradients, "
                + $"{meanSquare.Length} and {nextMeanSquare.Length} mean squares (expected {squares}) and room for {compensated.Length}.");
        }

        ref var w = ref MemoryMarshal.GetReference(weights);
        ref var b = ref MemoryMarshal.GetReference(baseWeights);
        ref var g = ref MemoryMarshal.GetReference(gradient);
        ref var s = ref MemoryMarshal.GetReference(meanSquare);
        ref var ns = ref MemoryMarshal.GetReference(nextMeanSquare);
        ref var c = ref MemoryMarshal.GetReference(compensated);
        var (strength, epsilon) = (T.CreateChecked(Strength), T.CreateChecked(Epsilon));
        var (keep, take) = (T.CreateChecked(Retention), T.CreateChecked(1.0 - Retention));

        nuint i = 0;
        var vectors = (nuint)(length - length % Vector<T>.Count);
        for (; i < vectors; i += (nuint)Vector<T>.Count)
        {
            var slope = Vector.LoadUnsafe(ref g, i);
            var square = slope * slope;
            var lambda = new Vector<T>(strength);
            if (Adaptive)
            {
                var mean = new Vector<T>(keep) * Vector.LoadUnsafe(ref s, i) + new Vector<T>(take) * square;
                Vector.StoreUnsafe(mean, ref ns, i);
                lambda /= Vector.SquareRoot(mean + new Vector<T>(epsilon));
            }

            var way = Vector.LoadUnsafe(ref w, i) - Vector.LoadUnsafe(ref b, i);
            Vector.StoreUnsafe(slope + lambda * square * way, ref c, i);
        }

        for (var j = (int)i; j < length; j++)
        {
            var slope = gradient[j];
            var square = slope * slope;
            var lambda = strength;
            if (Adaptive)
            {
                var mean = keep * meanSquare[j] + take * square;
                nextMeanSquare[j] = mean;
                lambda /= T.Sqrt(mean + epsilon);
            }

            compensated[j] = slope + lambda * square * (weights[j] - baseWeights[j]);
        }
    }
}
