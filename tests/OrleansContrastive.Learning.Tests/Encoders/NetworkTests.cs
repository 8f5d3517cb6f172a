using System.Runtime.InteropServices;
using OrleansContrastive.Learning.Devices;
using OrleansContrastive.Learning.Encoders;
using OrleansContrastive.Learning.Heads;
using OrleansContrastive.Learning.Tests.Golden;
using TorchSharp;
using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Tests.Encoders;

/// <summary>Whole networks, forward and backward, against PyTorch in fp64 (golden/*.golden): torchvision's, or written from the papers.</summary>
public sealed class NetworkTests
{
    public static TheoryData<string, string, int, string, int, Precision> Networks
    {
        get
        {
            var data = new TheoryData<string, string, int, string, int, Precision>();
            foreach (var precision in new[] { Precision.Float64, Precision.Float32 })
            {
                data.Add("resnet18-imagenet", "resnet18", 1, "linear", 16, precision);
                data.Add("resnet18-cifar", "resnet18", 1, "mlp", 16, precision);
                data.Add("resnet8-w16", "resnet8-w16", 2, "mlp", 32, precision);
                data.Add("resnet34-w8", "resnet34-w8", 3, "mlp", 8, precision);
                data.Add("resnet50-w8", "resnet50-w8", 1, "mlp", 12, precision);
                data.Add("resnet8-w8", "resnet8-w8", 1, "simclr-mlp", 12, precision);
                data.Add("wrn-10-1", "wrn-10-1", 2, "mlp", 8, precision);
                data.Add("wrn-28-2", "wrn-28-2", 1, "mlp", 8, precision);
                data.Add("resnet8-w16-ln", "resnet8-w16-ln", 1, "mlp", 8, precision);
                data.Add("resnet50-w8-ln", "resnet50-w8-ln", 1, "mlp", 8, precision);
                data.Add("wrn-10-1-ln", "wrn-10-1-ln", 1, "mlp", 8, precision);
                data.Add("conv1d-gru-w16", "conv1d-gru-w16", 2, "mlp", 8, precision);
                data.Add("vit-tiny-p7", "vit-tiny-p7", 1, "mlp", 8, precision);
                data.Add("vit-tiny-h6-sincos-frozen", "vit-tiny-h6-sincos-frozen", 1, "mlp", 8, precision);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Networks))]
    public void Forward_backward_moments_and_evaluation(
        string file, string encoder, int splits, string head, int width, Precision precision) => Leaks.None(() =>
    {
        using var scope = NewDisposeScope();
        var golden = new GoldenFile($"Encoders/golden/{file}.golden");
        var shape = golden.Int64("shape");
        var options = new ModelOptions { Precision = precision, BatchNormSplits = splits };
        using var model = new ContrastiveModel(
            EncoderSpec.Parse(encoder, (int)shape[1], (int)shape[2]), new HeadSpec(head, 0, width), options, seed: 1);
        var shard = model.Layout.Split(1)[0];
        var type = PrecisionSelector.MasterType(precision);
        var views = Numbers.Of(shape, 7, type);

        Fill(model, shard, calm: false);
        var (forOutput, _) = Tolerances(golden, "deviation", precision);
        model.eval();
        using (no_grad())
        {
            Numbers.Close(golden.Double("eval.features"), Numbers.From(model.Features(views)), forOutput, "eval.features");
            Numbers.Close(golden.Double("eval.output"), Numbers.From(model.forward(views)), forOutput, "eval.output");
            if (golden.Has("eval.map"))
                Numbers.Close(golden.Double("eval.map")[1..], Numbers.Some(Numbers.From(model.FeatureMap(views)))[1..], forOutput, "eval.map");
        }

        model.train();
        using (no_grad())
        {
            Numbers.Close(golden.Double("train.features"), Numbers.From(model.Features(views)), forOutput, "train.features");
            Numbers.Close(golden.Double("train.output"), Numbers.From(model.forward(views)), forOutput, "without gradients");
        }

        Train(model, views, golden, "train.output", forOutput);
        Compare(golden, "moments.", shard.Moments, ModelExchange.ReadBatchMoments(model, shard), precision, forOutput);
        if (precision == Precision.Float64)
            Compare(golden, "gradient.", shard.Parameters, ModelExchange.ReadGradients(model, shard), precision, 1e-10);

        Fill(model, shard, calm: true);
        var (forCalmOutput, forGradient) = Tolerances(golden, "calm.deviation", precision);
        Train(model, views, golden, "calm.output", forCalmOutput);
        Compare(golden, "calm.gradient.", shard.Parameters, ModelExchange.ReadGradients(model, shard), precision, forGradient);
    });

    [Fact]
    public void With_layer_norm_no_image_knows_of_another() => Leaks.None(() =>
    {
        using var scope = NewDisposeScope();
        using var model = new ContrastiveModel(EncoderSpec.Parse("resnet8-w8-ln", 3, 16), new("none", 0, 0), new ModelOptions { Precision = Precision.Float64 }, seed: 1);
        var views = Numbers.Of([3, 3, 16, 16], 7, ScalarType.Float64);
        model.train();
        var together = model.Features(views);
        var alone = model.Features(views.narrow(0, 1, 1));
        Numbers.Close(Numbers.From(alone), Numbers.From(together.narrow(0, 1, 1)), 1e-12, "one image of the batch");
        Assert.Empty(model.Layout.Moments);
    });

    [Theory]
    [InlineData("resnet18-w8", 8)]
    [InlineData("resnet50-w8", 16)]
    [InlineData("resnet8-w8-ln", 3)]
    public void With_zero_at_the_end_of_its_name_every_block_starts_as_its_shortcut_and_nothing_else_differs(string name, int blocks) => Leaks.None(() =>
    {
        using var plain = new ContrastiveModel(EncoderSpec.Parse(name, 3, 32), new("mlp", 8, 8), new ModelOptions(), seed: 1);
        using var zero = new ContrastiveModel(EncoderSpec.Parse($"{name}-zero", 3, 32), new("mlp", 8, 8), new ModelOptions(), seed: 1);
        using var scope = NewDisposeScope();
        var others = zero.named_parameters().ToDictionary(one => one.name, one => one.parameter);
        var differ = plain.named_parameters().Where(one => one.parameter.ne(others[one.name]).any().item<bool>()).ToList();
        Assert.Equal(blocks, differ.Count);
        Assert.All(differ, one => Assert.EndsWith(name.StartsWith("resnet50", StringComparison.Ordinal) ? ".bn3.weight" : ".bn2.weight", one.name, StringComparison.Ordinal));
        Assert.All(differ, one => Assert.Equal(0, others[one.name].abs().max().item<float>()));
    });

    // Rounding switches some ReLU of a deep network on or off, in PyTorch too, so single precision is held to 1e-5 or to
    // PyTorch's own distance from fp64; the formulas are held to fp64.
    private static (double Output, double Gradient) Tolerances(GoldenFile golden, string name, Precision precision)
    {
        var deviation = golden.Double(name);
        return precision == Precision.Float64
            ? (1e-10, 1e-10)
            : (Math.Max(1e-5, 3 * deviation[0]), Math.Max(1e-5, 3 * deviation[1]));
    }

    private static void Train(ContrastiveModel model, Tensor views, GoldenFile golden, string name, double tolerance)
    {
        foreach (var parameter in model.parameters()) parameter.grad = null;
        var output = model.forward(views);
        Numbers.Close(golden.Double(name), Numbers.From(output), tolerance, name);
        Assert.Equal(golden.Shape(name), output.shape);
        (output * Numbers.Of(output.shape, 9, output.dtype)).sum().backward();
        Assert.True(ModelExchange.GradientsAreFinite(model));
    }

    private static void Compare(
        GoldenFile golden, string kind, IReadOnlyList<TensorSlot> slots, byte[] flat, Precision precision, double tolerance)
    {
        Assert.Equal(golden.Names.Where(n => n.StartsWith(kind, StringComparison.Ordinal)), slots.Select(s => kind + s.Name));
        if (slots.Count == 0) return;
        var numbers = ToDouble(flat, precision);

        // A number is judged by the norm of its tensor: rounding errors do not know which number is small.
        var least = 1e-3 * slots.Max(s => golden.Double(kind + s.Name)[1]);
        foreach (var slot in slots)
        {
            var expected = golden.Double(kind + slot.Name);
            var found = Numbers.Some(numbers.AsSpan((int)slot.Offset, slot.Length));
            for (var i = 0; i < expected.Length; i++)
            {
                var allowed = tolerance * Math.Max(expected[1], least) * (i == 0 ? Math.Sqrt(slot.Length) : 1);
                Assert.True(
                    Math.Abs(expected[i] - found[i]) <= allowed,
                    $"{kind}{slot.Name}[{i}]: expected {expected[i]:R}, found {found[i]:R}, allowed difference {allowed:0.0e+0}, found {Math.Abs(expected[i] - found[i]):0.0e+0}.");
            }
        }
    }

    // The weights and running statistics of make_golden.py.
    private static void Fill(ContrastiveModel model, ShardLayout shard, bool calm)
    {
        var numbers = new double[shard.ParameterCount];
        for (var i = 0; i < shard.Parameters.Count; i++)
        {
            var slot = shard.Parameters[i];
            var shape = slot.Shape;
            var (scale, shift) = shape.Length switch
            {
                4 => (Math.Sqrt(6.0 / (shape[0] * shape[2] * shape[3])), 0.0),
                2 => (1 / Math.Sqrt(shape[1]), 0.0),
                _ => (0.2, slot.Name.EndsWith("weight", StringComparison.Ordinal) ? 1.0 : 0.0),
            };
            var (calmScale, calmShift) = !calm || shape.Length > 1 || slot.Name.StartsWith("head", StringComparison.Ordinal) ? (1.0, 0.0)
                : slot.Name.EndsWith("weight", StringComparison.Ordinal) ? (0.5, 0.0)
                : (1.0, 2.5);
            for (var j = 0; j < slot.Length; j++)
                numbers[slot.Offset + j] = (Pattern.At(j, 1000 + (ulong)i) * scale + shift) * calmScale + calmShift;
        }

        ModelExchange.LoadParameters(model, shard, ToBytes(numbers, shard));
        var moments = new double[shard.MomentCount];
        for (var i = 0; i < shard.Moments.Count; i++)
        {
            var slot = shard.Moments[i];
            var shift = slot.Name.EndsWith("var", StringComparison.Ordinal) ? 1.0 : 0.0;
            for (var j = 0; j < slot.Length; j++) moments[slot.Offset + j] = 0.3 * Pattern.At(j, 5000 + (ulong)i) + shift;
        }

        ModelExchange.LoadMoments(model, shard, ToBytes(moments, shard));
    }

    private static byte[] ToBytes(double[] numbers, ShardLayout shard) => shard.ElementSize == sizeof(double)
        ? MemoryMarshal.AsBytes<double>(numbers).ToArray()
        : MemoryMarshal.AsBytes<float>(Array.ConvertAll(numbers, n => (float)n)).ToArray();

    private static double[] ToDouble(byte[] flat, Precision precision) => precision == Precision.Float64
        ? MemoryMarshal.Cast<byte, double>(flat).ToArray()
        : Array.ConvertAll(MemoryMarshal.Cast<byte, float>(flat).ToArray(), n => (double)n);
}
