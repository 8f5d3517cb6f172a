using OrleansContrastive.Learning.Devices;
using OrleansContrastive.Learning.Encoders;
using OrleansContrastive.Learning.Heads;
using OrleansContrastive.Learning.Tests.Golden;
using TorchSharp;
using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Tests.Encoders;

/// <summary>Every layer, forward and backward, against PyTorch in fp64 (golden/layers.golden).</summary>
public sealed class LayerTests
{
    private static readonly GoldenFile File = new("Encoders/golden/layers.golden");

    public static TheoryData<Precision, bool> Formulations => new()
    {
        // In fp64 an error of formula shows that rounding hides; in fp32 the digits that a formulation loses.
        { Precision.Float64, true },
        { Precision.Float64, false },
        { Precision.Float32, true },
        { Precision.Float32, false },
    };

    private static double Tolerance(Precision precision) => precision == Precision.Float64 ? 1e-11 : 1e-5;

    private static LayerContext Context(Precision precision, bool channelsLast, int splits = 1) =>
        new(new ModelOptions { Precision = precision, ChannelsLast = channelsLast, BatchNormSplits = splits }, seed: 1);

    private static void Check(string name, Tensor found, Precision precision, double[]? magnitude = null)
    {
        var values = Numbers.From(found);
        var expected = File.Double(name);
        var some = Numbers.Some(values);

        // The sum may cancel: it is judged by the size of what was summed.
        var scale = Math.Sqrt(values.Length) * expected[1];
        Assert.True(Math.Abs(some[0] - expected[0]) <= Tolerance(precision) * Math.Max(scale, magnitude?.Max() ?? 0), $"sum of {name}: expected {expected[0]}, found {some[0]}.");
        Numbers.Close(expected[1..], some[1..], Tolerance(precision), name);
    }

    [Theory]
    [MemberData(nameof(Formulations))]
    public void Convolutions(Precision precision, bool channelsLast) => Leaks.None(() =>
    {
        foreach (var (kernel, stride, inputs, outputs) in new[] { (3, 1, 5, 6), (3, 2, 16, 8), (1, 2, 4, 3), (7, 2, 1, 4), (3, 1, 1, 8) })
        {
            using var scope = NewDisposeScope();
            using var layer = new Convolution(Context(precision, channelsLast), inputs, outputs, kernel, stride);
            var type = PrecisionSelector.MasterType(precision);
            var weight = layer.named_parameters().Single().parameter;
            weight.bytes = Numbers.Of([outputs, inputs, kernel, kernel], 2, type).bytes;
            var x = Numbers.Of([3, inputs, 9, 9], 1, type).requires_grad_();
            var y = layer.forward(channelsLast ? Layout.ChannelsLast(x) : x);
            (y * Numbers.Of(y.shape, 3, type)).sum().backward();

            var key = $"conv{kernel}x{kernel}s{stride}i{inputs}";
            Check($"{key}.output", y, precision);
            Check($"{key}.input", x.grad!, precision);
            Check($"{key}.weight", weight.grad!, precision);
        }
    });

    [Theory]
    [InlineData(Precision.Float64)]
    [InlineData(Precision.Float32)]
    public void A_linear_layer(Precision precision) => Leaks.None(() =>
    {
        using var scope = NewDisposeScope();
        using var layer = new LinearLayer(Context(precision, true), 6, 4, bias: true);
        var type = PrecisionSelector.MasterType(precision);
        var parameters = layer.named_parameters().ToDictionary(p => p.name, p => p.parameter);
        parameters["weight"].bytes = Numbers.Of([4, 6], 2, type).bytes;
        parameters["bias"].bytes = Numbers.Of([4], 4, type).bytes;
        var x = Numbers.Of([5, 6], 1, type).requires_grad_();
        var y = layer.forward(x);
        (y * Numbers.Of(y.shape, 3, type)).sum().backward();

        foreach (var (name, tensor) in new[]
            { ("output", y), ("input", x.grad!), ("weight", parameters["weight"].grad!), ("bias", parameters["bias"].grad!) })
        {
            Numbers.Close(File.Double($"linear.{name}"), Numbers.From(tensor), Tolerance(precision), name);
        }
    });

    [Theory]
    [MemberData(nameof(Formulations))]
    public void Batch_norm_with_splits_shortcut_and_relu(Precision precision, bool channelsLast) => Leaks.None(() =>
    {
        foreach (var shape in new long[][] { [6, 3, 5, 5], [8, 16, 7, 7], [7, 20, 3, 3], [9, 40], [4, 64, 4, 4] })
        {
            foreach (var splits in new[] { 1, 3 })
            {
                foreach (var rectify in new[] { false, true })
                {
                    foreach (var shortcut in new[] { false, true }) BatchNorm(precision, channelsLast, shape, splits, rectify, shortcut);
                }
            }
        }
    });

    private static void BatchNorm(
        Precision precision, bool channelsLast, long[] shape, int splits, bool rectify, bool shortcut)
    {
        using var scope = NewDisposeScope();
        using var layer = new SplitBatchNorm(Context(precision, channelsLast, splits), (int)shape[1]);
        var type = PrecisionSelector.MasterType(precision);
        var parameters = layer.named_parameters().ToDictionary(p => p.name, p => p.parameter);
        parameters["weight"].bytes = Numbers.Of([shape[1]], 2, type, 0.5, 1).bytes;
        parameters["bias"].bytes = Numbers.Of([shape[1]], 4, type, 0.3).bytes;
        var x = Numbers.Of(shape, 1, type, 2, 3).requires_grad_();
        var added = Numbers.Of(shape, 6, type).requires_grad_();

        var y = layer.Normalize(x, rectify, shortcut ? added : null, reuseInput: false);
        (y * Numbers.Of(shape, 3, type)).sum().backward();

        var key = $"norm{string.Join('x', shape)}s{splits}{(rectify ? "r" : "")}{(shortcut ? "a" : "")}";
        Check($"{key}.output", y, precision);
        Check($"{key}.input", x.grad!, precision);
        Check($"{key}.weight", parameters["weight"].grad!, precision);
        Check($"{key}.bias", parameters["bias"].grad!, precision);
        if (shortcut) Check($"{key}.shortcut", added.grad!, precision);
        var (mean, variance) = layer.Moments.Read();
        Numbers.Close(File.Double($"{key}.mean"), Numbers.Some(mean.Span), Tolerance(precision), $"{key}.mean");
        Numbers.Close(File.Double($"{key}.variance"), Numbers.Some(variance.Span), Tolerance(precision), $"{key}.variance");

        // Without gradients the same numbers may take the input's memory.
        using (no_grad())
        {
            var again = layer.Normalize(x.detach().clone(), rectify, shortcut ? added : null, reuseInput: true);
            Check($"{key}.output", again, precision);
        }
    }

    [Fact]
    public void Batch_norm_in_bfloat16_rounds_what_it_writes_and_nothing_else() => Leaks.None(() =>
    {
        foreach (var shape in new long[][] { [7, 20, 3, 3], [8, 16, 7, 7] })
        {
            using var scope = NewDisposeScope();
            using var layer = new SplitBatchNorm(Context(Precision.BFloat16, true, splits: 2), (int)shape[1]);
            Tensor Rounded(ulong seed) => Numbers.Of(shape, seed, ScalarType.BFloat16, 2, 1);
            (Tensor Y, Tensor Input, Tensor Shortcut) Run(ScalarType type)
            {
                var x = Rounded(1).to_type(type).detach().requires_grad_();
                var shortcut = Rounded(6).to_type(type).detach().requires_grad_();
                var y = layer.Normalize(x, rectify: true, shortcut);
                Assert.Equal(type, y.dtype);
                (y * Rounded(3).to_type(type)).sum().backward();
                return (y, x.grad!, shortcut.grad!);
            }

            var (y, input, shortcut) = Run(ScalarType.BFloat16);
            var (exactY, exactInput, exactShortcut) = Run(ScalarType.Float32);
            Assert.Equal(Numbers.From(exactY.to_type(ScalarType.BFloat16)), Numbers.From(y));
            Numbers.Close(Numbers.From(exactInput), Numbers.From(input), 0.01, "input");
            Numbers.Close(Numbers.From(exactShortcut), Numbers.From(shortcut), 0.01, "shortcut");
        }
    });

    [Fact]
    public unsafe void Bfloat16_is_widened_and_rounded_as_libtorch_does_and_a_NaN_stays_one() => Leaks.None(() =>
    {
        using var scope = NewDisposeScope();
        float[] hard = [0f, -0f, 1f, 1.00390625f, 1.01171875f, float.MaxValue, float.PositiveInfinity, 1e-40f];
        var values = Pattern.Single(24, 5).Concat(hard).ToArray();
        var expected = Numbers.From(tensor(values).to_type(ScalarType.BFloat16));
        var memory = stackalloc byte[2 * values.Length];
        fixed (float* source = values)
        {
            for (var i = 0; i < values.Length; i += System.Numerics.Vector<float>.Count)
                BrainFloat.Store(System.Numerics.Vector.Load(source + i), memory, i);
        }

        for (var i = 0; i < values.Length; i++) Assert.Equal(expected[i], BrainFloat.Read(memory, i));
        for (var i = 0; i < values.Length; i += System.Numerics.Vector<float>.Count)
            Assert.Equal((float)expected[i], BrainFloat.Load(memory, i)[0]);
        BrainFloat.Store(new System.Numerics.Vector<float>(BitConverter.UInt32BitsToSingle(0x7FFFFFFF)), memory, 0);
        Assert.True(float.IsNaN(BrainFloat.Read(memory, 0)));
    });

    [Fact]
    public void Batch_norm_gives_the_same_bits_with_one_thread_every_time_and_close_ones_with_two() => Leaks.None(() =>
    {
        using var scope = NewDisposeScope();
        using var layer = new SplitBatchNorm(Context(Precision.Float32, true), 48);
        using var mode = no_grad();
        var x = Numbers.Of([16, 48, 20, 20], 1, ScalarType.Float32, 1, 2);
        var threads = get_num_threads();
        try
        {
            set_num_threads(1);
            var first = Numbers.From(layer.Normalize(x, rectify: true));
            Assert.Equal(first, Numbers.From(layer.Normalize(x, rectify: true)));
            set_num_threads(2);
            var second = Numbers.From(layer.Normalize(x, rectify: true));
            Assert.Equal(second, Numbers.From(layer.Normalize(x, rectify: true)));
            Numbers.Close(first, second, 1e-6, "two threads");
        }
        finally
        {
            set_num_threads(threads);
        }
    });

    [Fact]
    public void Batch_norm_says_what_it_expects() => Leaks.None(() =>
    {
        using var scope = NewDisposeScope();
        using var layer = new SplitBatchNorm(Context(Precision.Float32, true, splits: 3), 4);
        Assert.Contains("[B, 4, H, W], found [2, 5]", Assert.Throws<ArgumentException>(() => layer.forward(zeros(2, 5))).Message);
        Assert.Contains("3 splits, found 1", Assert.Throws<ArgumentException>(() => layer.forward(zeros(3, 4))).Message);
        Assert.Contains(
            "[6, 4, 1, 1]",
            Assert.Throws<ArgumentException>(() => layer.Normalize(zeros(6, 4, 2, 2), false, zeros(6, 4, 1, 1))).Message);
    });
}
