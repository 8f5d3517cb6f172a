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
        var deviation = Math.Sqrt(2.0 / fanOut);
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
    public Parameter Uniform(long[] shape, long fanIn)
    {
        var bound = 1.0 / Math.Sqrt(fanIn);
        var stream = NextStream();
        var values = new double[Count(shape)];
        for (var i = 0; i < values.Length; i++) values[i] = bound * (2 * stream.NextDouble() - 1);
        return Parameter(values, shape);
    }

    /// <summary>A parameter of one repeated value.</summary>
    public Parameter Constant(long[] shape, double value)
    {
        _index++;
        var values = new double[Count(shape)];
        Array.Fill(values, value);
        return Parameter(values, shape);
    }

    /// <summary>A buffer of one repeated value.</summary>
    public Tensor Buffer(long[] shape, double value)
    {
        var values = new double[Count(shape)];
        Array.Fill(values, value);
        return Tensor(values, shape);
    }

    private static long Count(long[] shape) => shape.Aggregate(1L, (a, b) => a * b);

    private RandomStream NextStream() => new(seed, RandomPurpose.WeightInitialisation, _index++, 0);

    private Parameter Parameter(double[] values, long[] shape) => new(Tensor(values, shape));

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
