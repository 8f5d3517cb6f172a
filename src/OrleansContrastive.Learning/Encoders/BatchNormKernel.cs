using System.Numerics;

namespace OrleansContrastive.Learning.Encoders;

/// <summary>
/// The passes over memory of batch norm with ReLU and shortcut fused in (Ioffe and Szegedy, 2015, algorithm 1), for rows of
/// channels that lie together; libtorch takes about twice as many. Channel-wise constants are repeated to the length of a
/// group of rows that fills whole vectors (<see cref="VectorPass{T, TStorage}"/>). A result depends on the data and the number of
/// threads only.
/// </summary>
internal static unsafe class BatchNormKernel<T, TStorage>
    where T : unmanaged, IFloatingPointIeee754<T>
    where TStorage : struct, IStorage<T>
{
    /// <summary>The constants of every channel, repeated to the length of a group of rows.</summary>
    public static T[] Repeat(ReadOnlySpan<double> values)
    {
        var repeated = new T[VectorPass<T, TStorage>.GroupLength(values.Length)];
        for (var i = 0; i < repeated.Length; i++) repeated[i] = T.CreateTruncating(values[i % values.Length]);
        return repeated;
    }

    /// <summary>The mean and the biased variance of every channel over all rows.</summary>
    public static void Moments(byte* x, long rows, int channels, Span<double> mean, Span<double> variance, int threads)
    {
        // Sums of deviations from a nearby value lose no digits to the size of the mean.
        const int Probes = 8;
        mean.Clear();
        for (var probe = 0; probe < Probes; probe++)
        {
            var row = rows * probe / Probes * channels;
            for (var c = 0; c < channels; c++) mean[c] += double.CreateTruncating(TStorage.Read(x, row + c)) / Probes;
        }

        var nearby = Repeat(mean);
        fixed (T* centre = nearby)
        {
            var sums = VectorPass<T, TStorage>.Sum<MomentSums>(new() { X = x, Mean = centre }, rows, channels, threads);
            for (var c = 0; c < channels; c++)
            {
                var offset = sums[c] / rows;
                mean[c] = double.CreateTruncating(nearby[c]) + offset;
                variance[c] = Math.Max(sums[channels + c] / rows - offset * offset, 0);
            }
        }
    }

    /// <summary>
    /// y = (x − mean)·scale + bias, plus the shortcut if there is one, rectified or not; <paramref name="y"/> may be
    /// <paramref name="x"/>.
    /// </summary>
    public static void Normalize(
        byte* x, byte* shortcut, byte* y, long rows, int channels, in BatchNormConstants<T> constants, bool rectify, int threads)
    {
        fixed (T* mean = constants.Mean, scale = constants.Scale, bias = constants.Bias)
        {
            var pass = new Operands<T> { X = x, Other = shortcut, Output = y, Mean = mean, Scale = scale, Bias = bias };
            if (shortcut is null && !rectify) VectorPass<T, TStorage>.Map<Affine>(pass, rows, channels, threads);
            else if (shortcut is null) VectorPass<T, TStorage>.Map<AffineRelu>(pass, rows, channels, threads);
            else if (!rectify) VectorPass<T, TStorage>.Map<AffineAdd>(pass, rows, channels, threads);
            else VectorPass<T, TStorage>.Map<AffineAddRelu>(pass, rows, channels, threads);
        }
    }

    /// <summary>
    /// Σ g, then Σ g·(x − mean), of every channel, where g is the gradient that passes the ReLU. With a shortcut before the
    /// ReLU, <paramref name="y"/> tells what passed it, and g is written to <paramref name="passed"/>: it is the
    /// shortcut's gradient too.
    /// </summary>
    public static double[] GradientSums(
        byte* gradient, byte* x, byte* y, byte* passed, long rows, int channels,
        in BatchNormConstants<T> constants, bool rectify, int threads)
    {
        fixed (T* mean = constants.Mean, scale = constants.Scale, bias = constants.Bias)
        {
            var pass = new Operands<T>
            {
                X = x,
                Other = gradient,
                Mask = y,
                Output = passed,
                Mean = mean,
                Scale = scale,
                Bias = bias,
            };
            if (passed is not null) return VectorPass<T, TStorage>.Sum<MaskedGradientSums>(pass, rows, channels, threads);
            return rectify
                ? VectorPass<T, TStorage>.Sum<RectifiedGradientSums>(pass, rows, channels, threads)
                : VectorPass<T, TStorage>.Sum<PlainGradientSums>(pass, rows, channels, threads);
        }
    }

    /// <summary>
    /// ∂x = scale·(g − meanGradient − (x − mean)·slope), with g as in <see cref="GradientSums"/>;
    /// <paramref name="result"/> may be <paramref name="gradient"/>.
    /// </summary>
    public static void InputGradient(
        byte* gradient, byte* x, byte* result, long rows, int channels,
        in BatchNormConstants<T> constants, T[] meanGradient, T[] slope, bool rectify, int threads)
    {
        fixed (T* mean = constants.Mean, scale = constants.Scale, bias = constants.Bias)
        fixed (T* shift = meanGradient, factor = slope)
        {
            var pass = new Operands<T>
            {
                X = x,
                Other = gradient,
                Output = result,
                Mean = mean,
                Scale = scale,
                Bias = bias,
                Shift = shift,
                Slope = factor,
            };
            if (rectify) VectorPass<T, TStorage>.Map<RectifiedInputGradient>(pass, rows, channels, threads);
            else VectorPass<T, TStorage>.Map<PlainInputGradient>(pass, rows, channels, threads);
        }
    }

    private static Vector<T> Normalized(in Operands<T> o, long at, int c) =>
        (TStorage.Load(o.X, at) - Vector.Load(o.Mean + c)) * Vector.Load(o.Scale + c) + Vector.Load(o.Bias + c);

    private static Vector<T> Passing(Vector<T> gradient, Vector<T> y) =>
        Vector.ConditionalSelect(Vector.GreaterThan(y, Vector<T>.Zero), gradient, Vector<T>.Zero);

    private readonly struct Affine : IMap<T, TStorage>
    {
        public static Vector<T> At(in Operands<T> o, long at, int c) => Normalized(o, at, c);
    }

    private readonly struct AffineRelu : IMap<T, TStorage>
    {
        public static Vector<T> At(in Operands<T> o, long at, int c) => Vector.Max(Normalized(o, at, c), Vector<T>.Zero);
    }

    private readonly struct AffineAdd : IMap<T, TStorage>
    {
        public static Vector<T> At(in Operands<T> o, long at, int c) =>
            Normalized(o, at, c) + TStorage.Load(o.Other, at);
    }

    private readonly struct AffineAddRelu : IMap<T, TStorage>
    {
        public static Vector<T> At(in Operands<T> o, long at, int c) =>
            Vector.Max(Normalized(o, at, c) + TStorage.Load(o.Other, at), Vector<T>.Zero);
    }

    private readonly struct MomentSums : ISum<T, TStorage>
    {
        public static void At(in Operands<T> o, long at, int c, out Vector<T> first, out Vector<T> second)
        {
            first = TStorage.Load(o.X, at) - Vector.Load(o.Mean + c);
            second = first * first;
        }
    }

    private readonly struct PlainGradientSums : ISum<T, TStorage>
    {
        public static void At(in Operands<T> o, long at, int c, out Vector<T> first, out Vector<T> second)
        {
            first = TStorage.Load(o.Other, at);
            second = first * (TStorage.Load(o.X, at) - Vector.Load(o.Mean + c));
        }
    }

    private readonly struct RectifiedGradientSums : ISum<T, TStorage>
    {
        public static void At(in Operands<T> o, long at, int c, out Vector<T> first, out Vector<T> second)
        {
            var centred = TStorage.Load(o.X, at) - Vector.Load(o.Mean + c);
            first = Passing(
                TStorage.Load(o.Other, at), centred * Vector.Load(o.Scale + c) + Vector.Load(o.Bias + c));
            second = first * centred;
        }
    }

    private readonly struct MaskedGradientSums : ISum<T, TStorage>
    {
        public static void At(in Operands<T> o, long at, int c, out Vector<T> first, out Vector<T> second)
        {
            first = Passing(TStorage.Load(o.Other, at), TStorage.Load(o.Mask, at));
            TStorage.Store(first, o.Output, at);
            second = first * (TStorage.Load(o.X, at) - Vector.Load(o.Mean + c));
        }
    }

    private readonly struct PlainInputGradient : IMap<T, TStorage>
    {
        public static Vector<T> At(in Operands<T> o, long at, int c) =>
            Vector.Load(o.Scale + c) * (TStorage.Load(o.Other, at) - Vector.Load(o.Shift + c)
                - (TStorage.Load(o.X, at) - Vector.Load(o.Mean + c)) * Vector.Load(o.Slope + c));
    }

    private readonly struct RectifiedInputGradient : IMap<T, TStorage>
    {
        public static Vector<T> At(in Operands<T> o, long at, int c)
        {
            var centred = TStorage.Load(o.X, at) - Vector.Load(o.Mean + c);
            var scale = Vector.Load(o.Scale + c);
            var gradient = Passing(TStorage.Load(o.Other, at), centred * scale + Vector.Load(o.Bias + c));
            return scale * (gradient - Vector.Load(o.Shift + c) - centred * Vector.Load(o.Slope + c));
        }
    }
}

/// <summary>y = (x − <paramref name="Mean"/>)·<paramref name="Scale"/> + <paramref name="Bias"/>, repeated as groups of rows.</summary>
internal readonly record struct BatchNormConstants<T>(T[] Mean, T[] Scale, T[] Bias);
