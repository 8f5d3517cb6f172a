using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace OrleansContrastive.Learning.Optimizers;

/// <summary>The Euclidean norms that LARS compares, and by which gradients are clipped.</summary>
/// <param name="Weights">‖w‖.</param>
/// <param name="Gradient">‖g + c·w‖.</param>
internal readonly record struct TensorNorms(double Weights, double Gradient)
{
    /// <summary>
    /// Sums squares in float64: element i goes to lane i mod 8, and the lanes are added in their order, so that the bits
    /// depend neither on the tensor's place nor on the processor.
    /// </summary>
    /// <param name="decay">c.</param>
    public struct Sums(double decay)
    {
        private const int Lanes = 8;

        private Vector256<double> _weightsLow;
        private Vector256<double> _weightsHigh;
        private Vector256<double> _gradientLow;
        private Vector256<double> _gradientHigh;

        /// <summary>Adds the next elements of the tensor. All parts but the last must be multiples of 8.</summary>
        /// <typeparam name="T"><see cref="float"/> or <see cref="double"/>.</typeparam>
        public void Add<T>(ReadOnlySpan<T> weights, ReadOnlySpan<T> gradient) where T : unmanaged, IFloatingPointIeee754<T>
        {
            var whole = weights.Length - weights.Length % Lanes;
            for (var i = 0; i < whole; i += Lanes) AddLanes(Load(weights[i..]), Load(gradient[i..]));
            if (whole == weights.Length) return;

            Span<T> lastWeights = stackalloc T[Lanes], lastGradient = stackalloc T[Lanes];
            lastWeights.Clear();
            lastGradient.Clear();
            weights[whole..].CopyTo(lastWeights);
            gradient[whole..].CopyTo(lastGradient);
            AddLanes(Load<T>(lastWeights), Load<T>(lastGradient));
        }

        /// <summary>The norms of what was added.</summary>
        public readonly TensorNorms Norms() => new(Root(_weightsLow, _weightsHigh), Root(_gradientLow, _gradientHigh));

        private void AddLanes(
            (Vector256<double> Low, Vector256<double> High) weights, (Vector256<double> Low, Vector256<double> High) gradient)
        {
            _weightsLow += weights.Low * weights.Low;
            _weightsHigh += weights.High * weights.High;
            var share = Vector256.Create(decay);
            var (low, high) = (gradient.Low + share * weights.Low, gradient.High + share * weights.High);
            _gradientLow += low * low;
            _gradientHigh += high * high;
        }

        private static (Vector256<double> Low, Vector256<double> High) Load<T>(ReadOnlySpan<T> values)
            where T : unmanaged, IFloatingPointIeee754<T>
        {
            if (typeof(T) == typeof(float))
            {
                var singles = Vector256.LoadUnsafe(ref MemoryMarshal.GetReference(MemoryMarshal.Cast<T, float>(values)));
                return Vector256.Widen(singles);
            }

            ref var doubles = ref MemoryMarshal.GetReference(MemoryMarshal.Cast<T, double>(values));
            return (Vector256.LoadUnsafe(ref doubles), Vector256.LoadUnsafe(ref doubles, (nuint)Vector256<double>.Count));
        }

        private static double Root(Vector256<double> low, Vector256<double> high)
        {
            var sum = 0.0;
            for (var i = 0; i < Vector256<double>.Count; i++) sum += low[i];
            for (var i = 0; i < Vector256<double>.Count; i++) sum += high[i];
            return Math.Sqrt(sum);
        }
    }
}
