using System.Runtime.InteropServices;
using OrleansContrastive.Learning.Devices;
using OrleansContrastive.Learning.Random;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Encoders;

/// <summary>
/// Makes the parameters of one model, in their order. Every parameter draws from a random stream of its own (seed, index),
/// so that a head does not change the weights of its encoder, and torch's generator is never touched.
/// </summary>
/// <param name="options">How the model computes.</param>
/// <param name="seed">Seed of the weights.</param>
public sealed class LayerContext(ModelOptions options, ulong seed)
{
    private ulong _index;

    /// <summary>How the model computes.</summary>
    public ModelOptions Options { get; } = options;

    /// <summary>The numbers that layers compute with.</summary>
    public ScalarType ComputeType { get; } = PrecisionSelector.ComputeType(options.Precision);

    /// <summary>The numbers that weights are kept in.</summary>
    public ScalarType MasterType { get; } = PrecisionSelector.MasterType(options.Precision);

    /// <summary>Weights of variance 2 / fan-out (He et al., 2015), as torchvision starts the convolutions of a ResNet.</summary>
    public Parameter KaimingNormal(long[] shape)
    {
        var fanOut = shape[0] * shape[2] * shape[3];
        return Normal(shape, Math.Sqrt(2.0 / fanOut));
    }

    /// <summary>Normal weights. Published transformers cut them at ±2, which is a hundred of their deviations: nowhere.</summary>
    public Parameter Normal(long[] shape, double deviation)
    {
        var stream = NextStream();
        var values = new double[Count(shape)];
        for (var i = 0; i < values.Length; i += 2)
        {
            var (first, second) = stream.NextGaussians();
            values[i] = deviation * first;
            if (i + 1 < values.Length) values[i + 1] = deviation * second;
        }

        return Parameter(values, shape);
    }

    /// <summary>Uniform values in ±1/√fan-in, as torch starts the weights and biases of linear layers.</summary>
    public Parameter Uniform(long[] shape, long fanIn, bool learned = true) => Bounded(shape, 1.0 / Math.Sqrt(fanIn), learned);

    /// <summary>Uniform values in ±√(6/(fan-in + fan-out)) (Glorot and Bengio, 2010).</summary>
    public Parameter Xavier(long[] shape, long fanIn, long fanOut, bool learned = true) =>
        Bounded(shape, Math.Sqrt(6.0 / (fanIn + fanOut)), learned);

    /// <summary>A parameter of one repeated value.</summary>
    public Parameter Constant(long[] shape, double value, bool learned = true)
    {
        var values = new double[Count(shape)];
        Array.Fill(values, value);
        return Given(shape, values, learned);
    }

    /// <summary>A parameter of given values, in row-major order.</summary>
    public Parameter Given(long[] shape, double[] values, bool learned = true)
    {
        _index++;
        return Parameter(values, shape, learned);
    }

    /// <summary>A buffer of one repeated value.</summary>
    public Tensor Buffer(long[] shape, double value)
    {
        var values = new double[Count(shape)];
        Array.Fill(values, value);
        return Tensor(values, shape);
    }

    private Parameter Bounded(long[] shape, double bound, bool learned)
    {
        var stream = NextStream();
        var values = new double[Count(shape)];
        for (var i = 0; i < values.Length; i++) values[i] = bound * (2 * stream.NextDouble() - 1);
        return Parameter(values, shape, learned);
    }

    private static long Count(long[] shape) => shape.Aggregate(1L, (a, b) => a * b);

    private RandomStream NextStream() => new(seed, RandomPurpose.WeightInitialisation, _index++, 0);

    // What is not learned takes no gradient, and TensorSlot.Frozen says so to the optimizers.
    private Parameter Parameter(double[] values, long[] shape, bool learned = true) => new(Tensor(values, shape), learned);

    // Modules own their tensors: a dispose scope that is open while a model is built must not take them.
    private Tensor Tensor(double[] values, long[] shape)
    {
        using var scope = NewDisposeScope();
        var tensor = empty(shape, dtype: MasterType, device: CPU);
        if (MasterType == ScalarType.Float64)
        {
            MemoryMarshal.AsBytes<double>(values).CopyTo(tensor.bytes);
        }
        else
        {
            var singles = MemoryMarshal.Cast<byte, float>(tensor.bytes);
            for (var i = 0; i < values.Length; i++) singles[i] = (float)values[i];
        }

        if (Options.Device.type != DeviceType.CPU) tensor = tensor.to(Options.Device);
        return tensor.DetachFromDisposeScope();
    }
}
