using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Encoders;

/// <summary>
/// One application of a batch norm on a processor: the forward pass leaves here what the backward pass needs besides
/// tensors. Channels lie innermost. Without moments to record it evaluates with the running statistics.
/// </summary>
internal sealed unsafe class BatchNormCall(
    int splits, bool rectify, BatchMoments? moments, Tensor runningMean, Tensor runningVariance, int threads)
{
    // Of every split; the constants are of the element type of the call.
    private Array? _constants;
    private double[] _inverseDeviations = [];

    /// <summary>Whether a ReLU ends it.</summary>
    public bool Rectifies => rectify;

    /// <summary>The samples of a split: splits differ by at most one where the batch does not divide.</summary>
    public static (long Start, long Length) Split(long batch, int split, int splits)
    {
        var start = batch * split / splits;
        return (start, batch * (split + 1) / splits - start);
    }

    /// <summary>Computes the output; it takes the input's memory if <paramref name="reuse"/>.</summary>
    public Tensor Forward(Tensor x, Tensor weight, Tensor bias, Tensor? shortcut, bool reuse) =>
        x.dtype switch
        {
            ScalarType.Float64 => Forward<double, Plain<double>>(x, weight, bias, shortcut, reuse),
            ScalarType.BFloat16 => Forward<float, BrainFloat>(x, weight, bias, shortcut, reuse),
            _ => Forward<float, Plain<float>>(x, weight, bias, shortcut, reuse),
        };

    /// <summary>
    /// The gradients of input, weight, bias and shortcut, given that of the output. The output <paramref name="y"/> is
    /// needed only where a ReLU follows a shortcut; otherwise the shortcut's gradient is null: it is the output's.
    /// </summary>
    public (Tensor Input, Tensor Weight, Tensor Bias, Tensor? Shortcut) Backward(
        Tensor gradient, Tensor x, Tensor weight, Tensor? y) =>
        x.dtype switch
        {
            ScalarType.Float64 => Backward<double, Plain<double>>(gradient, x, weight, y),
            ScalarType.BFloat16 => Backward<float, BrainFloat>(gradient, x, weight, y),
            _ => Backward<float, Plain<float>>(gradient, x, weight, y),
        };

    private Tensor Forward<T, TStorage>(Tensor x, Tensor weight, Tensor bias, Tensor? shortcut, bool reuse)
        where T : unmanaged, IFloatingPointIeee754<T>
        where TStorage : struct, IStorage<T>
    {
        using var scope = NewDisposeScope();
        var input = Layout.ChannelsInnermost(x);
        var other = shortcut is null ? null : Layout.ChannelsInnermost(shortcut);
        var (result, output) = reuse ? (Layout.Logical(input), input) : Layout.EmptyLike(x);
        byte* source = Data(input), added = other is null ? null : Data(other), target = Data(output);

        var channels = (int)x.shape[1];
        var perSample = x.numel() / x.shape[0];
        double[] mean = new double[channels], variance = new double[channels];
        double[] weights = Read<T>(weight), biases = Read<T>(bias);
        var constants = new BatchNormConstants<T>[moments is null ? 1 : splits];
        _inverseDeviations = new double[constants.Length * channels];
        moments?.Begin();
        for (var s = 0; s < constants.Length; s++)
        {
            var (start, length) = Split(x.shape[0], s, constants.Length);
            var (offset, rows) = (start * perSample * TStorage.Size, length * perSample / channels);
            if (moments is null)
            {
                (mean, variance) = (Read<T>(runningMean), Read<T>(runningVariance));
            }
            else
            {
                BatchNormKernel<T, TStorage>.Moments(source + offset, rows, channels, mean, variance, threads);
                moments.Add(mean, variance, rows, splits);
            }

            var inverseDeviations = _inverseDeviations.AsSpan(s * channels, channels);
            for (var c = 0; c < channels; c++)
            {
                inverseDeviations[c] = 1 / Math.Sqrt(variance[c] + SplitBatchNorm.Epsilon);
                variance[c] = weights[c] * inverseDeviations[c];
            }

            constants[s] = new BatchNormConstants<T>(
                BatchNormKernel<T, TStorage>.Repeat(mean), BatchNormKernel<T, TStorage>.Repeat(variance), BatchNormKernel<T, TStorage>.Repeat(biases));
            BatchNormKernel<T, TStorage>.Normalize(
                source + offset, added is null ? null : added + offset, target + offset, rows, channels,
                constants[s], rectify, threads);
        }

        _constants = constants;
        return result.MoveToOuterDisposeScope();
    }

    private (Tensor, Tensor, Tensor, Tensor?) Backward<T, TStorage>(Tensor gradient, Tensor x, Tensor weight, Tensor? y)
        where T : unmanaged, IFloatingPointIeee754<T>
        where TStorage : struct, IStorage<T>
    {
        using var scope = NewDisposeScope();
        var outer = Layout.ChannelsInnermost(gradient);
        var input = Layout.ChannelsInnermost(x);
        var output = y is null ? null : Layout.ChannelsInnermost(y);
        var (result, inner) = Layout.EmptyLike(x);

        // Behind a shortcut the gradient that passes the ReLU is the shortcut's too, so it is written down.
        var shortcut = default(Tensor);
        byte* given = Data(outer), source = Data(input), target = Data(inner);
        byte* mask = null, passed = null;
        if (output is not null)
        {
            (shortcut, var passing) = Layout.EmptyLike(x);
            mask = Data(output);
            passed = Data(passing);
        }

        var constants = (BatchNormConstants<T>[])_constants!;
        var channels = (int)x.shape[1];
        var perSample = x.numel() / x.shape[0];
        double[] forWeight = new double[channels], forBias = new double[channels];
        double[] mean = new double[channels], slope = new double[channels];
        for (var s = 0; s < splits; s++)
        {
            var (start, length) = Split(x.shape[0], s, splits);
            var (offset, rows) = (start * perSample * TStorage.Size, length * perSample / channels);
            var sums = BatchNormKernel<T, TStorage>.GradientSums(
                given + offset, source + offset, mask is null ? null : mask + offset,
                passed is null ? null : passed + offset, rows, channels, constants[s], rectify, threads);
            for (var c = 0; c < channels; c++)
            {
                var inverseDeviation = _inverseDeviations[s * channels + c];
                forBias[c] += sums[c];
                forWeight[c] += sums[channels + c] * inverseDeviation;
                mean[c] = sums[c] / rows;
                slope[c] = sums[channels + c] * inverseDeviation * inverseDeviation / rows;
            }

            BatchNormKernel<T, TStorage>.InputGradient(
                passed is null ? given + offset : passed + offset, source + offset, target + offset, rows, channels,
                constants[s], BatchNormKernel<T, TStorage>.Repeat(mean), BatchNormKernel<T, TStorage>.Repeat(slope),
                rectify && passed is null, threads);
        }

        return (
            result.MoveToOuterDisposeScope(),
            Write<T>(weight, forWeight).MoveToOuterDisposeScope(),
            Write<T>(weight, forBias).MoveToOuterDisposeScope(),
            shortcut?.MoveToOuterDisposeScope());
    }

    private static byte* Data(Tensor tensor) => (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(tensor.bytes));

    private static double[] Read<T>(Tensor tensor) where T : unmanaged, IFloatingPointIeee754<T>
    {
        var source = MemoryMarshal.Cast<byte, T>(tensor.bytes);
        var values = new double[source.Length];
        for (var i = 0; i < values.Length; i++) values[i] = double.CreateTruncating(source[i]);
        return values;
    }

    private static Tensor Write<T>(Tensor like, double[] values) where T : unmanaged, IFloatingPointIeee754<T>
    {
        var tensor = empty_like(like);
        var target = MemoryMarshal.Cast<byte, T>(tensor.bytes);
        for (var i = 0; i < values.Length; i++) target[i] = T.CreateTruncating(values[i]);
        return tensor;
    }
}
