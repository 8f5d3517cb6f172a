using System.Runtime.InteropServices;
using OrleansContrastive.Learning.Devices;
using OrleansContrastive.Learning.Encoders;
using OrleansContrastive.Learning.Heads;
using OrleansContrastive.Learning.Tests.Golden;
using TorchSharp;
using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Tests.Encoders;

public sealed class ContrastiveModelTests
{
    private static ContrastiveModel Model(
        ulong seed = 1, string head = "mlp", int splits = 1, Precision precision = Precision.Float32, bool decays = true) =>
        new(
            EncoderSpec.Parse("resnet8-w16", 1, 28),
            new HeadSpec(head, 0, 32),
            new ModelOptions { Precision = precision, BatchNormSplits = splits, DecayNormsAndBiases = decays },
            seed);

    [Fact]
    public void Names_and_shapes_are_those_of_torchvision() => Leaks.None(() =>
    {
        using var model = Model();
        var shapes = model.Layout.Parameters.ToDictionary(p => p.Name, p => p.Shape);
        Assert.Equal([16, 1, 3, 3], shapes["encoder.conv1.weight"]);
        Assert.Equal([16], shapes["encoder.bn1.bias"]);
        Assert.Equal([32, 16, 1, 1], shapes["encoder.layer2.0.downsample.0.weight"]);
        Assert.Equal([64], shapes["encoder.layer3.0.downsample.1.weight"]);
        Assert.Equal([64, 64], shapes["head.0.weight"]);
        Assert.Equal([32], shapes["head.2.bias"]);
        Assert.DoesNotContain("encoder.layer1.0.downsample.0.weight", shapes.Keys);
        Assert.Equal("encoder.conv1.weight", model.Layout.Parameters[0].Name);
        Assert.Equal(["encoder.bn1.running_mean", "encoder.bn1.running_var"], model.Layout.Moments.Take(2).Select(m => m.Name));
        Assert.Equal(64, model.FeatureWidth);
        Assert.Equal(32, model.EmbeddingWidth);
    });

    [Theory]
    [InlineData("resnet8", 3, 32, 4, 1_227_712, 256)]
    [InlineData("resnet18", 3, 224, 20, 11_176_512, 512)]
    [InlineData("resnet34", 3, 224, 36, 21_284_672, 512)]
    [InlineData("resnet50", 3, 224, 53, 23_508_032, 2048)]
    [InlineData("resnet18-w32", 3, 32, 20, 2_796_480, 256)]
    public void Sizes_are_the_published_ones(string name, int channels, int size, int norms, long parameters, int features) => Leaks.None(() =>
    {
        using var model = new ContrastiveModel(
            EncoderSpec.Parse(name, channels, size), new HeadSpec("none", 0, 0), new ModelOptions(), 1);
        Assert.Equal(features, model.EmbeddingWidth);
        if (name != "resnet8" && !name.Contains('w')) Assert.Equal(parameters, model.Layout.Parameters.Sum(p => (long)p.Length));
        if (name != "resnet8") Assert.Equal(2 * norms, model.Layout.Moments.Count);
    });

    [Fact]
    public void Equal_seeds_give_equal_weights_and_torchs_generator_is_left_alone() => Leaks.None(() =>
    {
        using var first = Model(seed: 5);
        manual_seed(99);
        using var second = Model(seed: 5);
        using var other = Model(seed: 6);
        using var headless = Model(seed: 5, head: "none");
        var shard = first.Layout.Split(1)[0];
        Assert.Equal(ModelExchange.ReadParameters(first, shard), ModelExchange.ReadParameters(second, shard));
        Assert.NotEqual(ModelExchange.ReadParameters(first, shard), ModelExchange.ReadParameters(other, shard));
        var encoder = headless.Layout.Split(1)[0];
        Assert.Equal(
            ModelExchange.ReadParameters(first, shard).AsSpan(0, encoder.ParameterBytes).ToArray(),
            ModelExchange.ReadParameters(headless, encoder));
    });

    [Fact]
    public void Weights_have_the_spread_that_torchvision_gives_them() => Leaks.None(() =>
    {
        using var model = new ContrastiveModel(
            EncoderSpec.Parse("resnet18", 3, 32), new HeadSpec("mlp", 0, 128), new ModelOptions(), 3);
        var shard = model.Layout.Split(1)[0];
        var numbers = MemoryMarshal.Cast<byte, float>(ModelExchange.ReadParameters(model, shard)).ToArray();
        foreach (var slot in shard.Parameters)
        {
            var values = numbers.AsSpan((int)slot.Offset, slot.Length).ToArray().Select(v => (double)v).ToArray();
            var (mean, deviation) = (values.Average(), Math.Sqrt(values.Average(v => v * v)));
            var (expected, tolerance) = slot.Shape switch
            {
                [var o, _, var h, var w] => (Math.Sqrt(2.0 / (o * h * w)), 0.1),
                [_, var i] => (1 / Math.Sqrt(3.0 * i), 0.05),
                _ when slot.Name.StartsWith("head", StringComparison.Ordinal) => (1 / Math.Sqrt(3.0 * 512), 0.2),
                _ => (slot.Name.EndsWith("weight", StringComparison.Ordinal) ? 1.0 : 0.0, 0.0),
            };
            Assert.InRange(deviation, expected * (1 - tolerance), expected * (1 + tolerance));
            if (slot.Shape.Length == 4) Assert.InRange(mean, -0.1 * expected, 0.1 * expected);
        }
    });

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(40)]
    public void Shards_hold_every_tensor_once_and_bytes_survive_the_round_trip(int count) => Leaks.None(() =>
    {
        using var model = Model(seed: 1);
        using var other = Model(seed: 2);
        var shards = model.Layout.Split(count);
        Assert.Equal(count, shards.Count);
        Assert.Equal(
            model.Layout.Parameters.Select(p => p.Name).Order(), shards.SelectMany(s => s.Parameters).Select(p => p.Name).Order());
        foreach (var shard in shards)
        {
            var end = 0L;
            foreach (var slot in shard.Parameters)
            {
                Assert.Equal(end, slot.Offset);
                end += slot.Length;
            }

            Assert.Equal(end, shard.ParameterCount);
            Assert.Equal(shard.Shard == 0 ? model.Layout.Moments.Count : 0, shard.Moments.Count);
            ModelExchange.LoadParameters(other, shard, ModelExchange.ReadParameters(model, shard));
            ModelExchange.LoadMoments(other, shard, Enumerable.Repeat((byte)0x3f, shard.MomentBytes).ToArray());
            Assert.All(ModelExchange.ReadMoments(other, shard), b => Assert.Equal(0x3f, b));
        }

        var whole = model.Layout.Split(1)[0];
        Assert.Equal(ModelExchange.ReadParameters(model, whole), ModelExchange.ReadParameters(other, whole));
    });

    [Fact]
    public void Shards_are_balanced() => Leaks.None(() =>
    {
        using var model = new ContrastiveModel(
            EncoderSpec.Parse("resnet18", 3, 32), new HeadSpec("mlp", 0, 128), new ModelOptions(), 3);
        var counts = model.Layout.Split(3).Select(s => s.ParameterCount).ToArray();
        Assert.InRange(counts.Max(), counts.Min(), 1.1 * counts.Min());
    });

    [Fact]
    public void Decay_leaves_out_norms_and_biases_only_by_option() => Leaks.None(() =>
    {
        using var all = Model();
        using var some = Model(decays: false);
        Assert.All(all.Layout.Parameters, p => Assert.True(p.Decays));
        Assert.All(some.Layout.Parameters, p => Assert.Equal(p.Shape.Length > 1, p.Decays));
    });

    [Fact]
    public void Training_leaves_the_running_statistics_alone() => Leaks.None(() =>
    {
        using var scope = NewDisposeScope();
        using var model = Model();
        var shard = model.Layout.Split(1)[0];
        Assert.Throws<InvalidOperationException>(() => ModelExchange.ReadBatchMoments(model, shard));
        var before = ModelExchange.ReadMoments(model, shard);
        model.train();
        model.forward(Numbers.Of([4, 1, 28, 28], 1, ScalarType.Float32));
        Assert.Equal(before, ModelExchange.ReadMoments(model, shard));
        Assert.NotEqual(before, ModelExchange.ReadBatchMoments(model, shard));
    });

    [Fact]
    public void A_grey_encoder_knows_no_colours() => Leaks.None(() =>
    {
        using var scope = NewDisposeScope();
        using var mode = no_grad();
        using var grey = new ContrastiveModel(EncoderSpec.Parse("resnet8-w8", 3, 16), new("none", 0, 0), new ModelOptions { Grey = true, Precision = Precision.Float64 }, seed: 1);
        using var colour = new ContrastiveModel(EncoderSpec.Parse("resnet8-w8", 3, 16), new("none", 0, 0), new ModelOptions { Precision = Precision.Float64 }, seed: 1);
        grey.eval();
        colour.eval();
        var views = Numbers.Of([4, 3, 16, 16], 1, ScalarType.Float64);
        var mean = views.mean([1], keepdim: true).repeat(1, 3, 1, 1);
        Numbers.Close(Numbers.From(colour.Features(mean)), Numbers.From(grey.Features(views)), 1e-12, "the mean of the channels");
        Numbers.Close(Numbers.From(colour.FeatureMap(mean)), Numbers.From(grey.FeatureMap(views.flip(1))), 1e-12, "other colours");
    });

    [Fact]
    public void A_gradient_that_is_not_finite_is_seen() => Leaks.None(() =>
    {
        using var scope = NewDisposeScope();
        using var model = Model();
        var shard = model.Layout.Split(1)[0];
        Assert.All(ModelExchange.ReadGradients(model, shard), b => Assert.Equal(0, b));
        model.forward(Numbers.Of([4, 1, 28, 28], 1, ScalarType.Float32)).sum().backward();
        Assert.True(ModelExchange.GradientsAreFinite(model));
        model.forward(Numbers.Of([4, 1, 28, 28], 1, ScalarType.Float32)).sum().mul(double.NaN).backward();
        Assert.False(ModelExchange.GradientsAreFinite(model));
    });

    [Fact]
    public void Layout_in_memory_changes_nothing_and_bfloat16_little() => Leaks.None(() =>
    {
        using var scope = NewDisposeScope();
        using var mode = no_grad();
        var views = Numbers.Of([6, 1, 28, 28], 1, ScalarType.Float32);
        double[] Embed(ModelOptions options)
        {
            using var model = new ContrastiveModel(
                EncoderSpec.Parse("resnet8-w16", 1, 28), new HeadSpec("mlp", 0, 32), options, 1);
            return Numbers.From(model.forward(views));
        }

        var expected = Embed(new ModelOptions { Precision = Precision.Float64 });
        Numbers.Close(expected, Embed(new ModelOptions { ChannelsLast = true }), 1e-5, "channels last");
        Numbers.Close(expected, Embed(new ModelOptions { ChannelsLast = false }), 1e-5, "channels first");
        Numbers.Close(expected, Embed(new ModelOptions { Precision = Precision.BFloat16 }), 0.1, "bfloat16");
    });

    [Fact]
    public void Bfloat16_gradients_point_the_same_way() => Leaks.None(() =>
    {
        using var scope = NewDisposeScope();
        float[] Gradient(Precision precision)
        {
            using var model = Model(precision: precision);
            model.forward(Numbers.Of([8, 1, 28, 28], 1, ScalarType.Float32)).square().sum().backward();
            return MemoryMarshal.Cast<byte, float>(ModelExchange.ReadGradients(model, model.Layout.Split(1)[0])).ToArray();
        }

        float[] exact = Gradient(Precision.Float32), rounded = Gradient(Precision.BFloat16);
        Assert.True(System.Numerics.Tensors.TensorPrimitives.CosineSimilarity<float>(exact, rounded) > 0.98f);
    });

    [Fact]
    public void Wrong_input_is_answered_with_what_was_expected() => Leaks.None(() =>
    {
        using var scope = NewDisposeScope();
        using var model = Model();
        var shard = model.Layout.Split(1)[0];
        Assert.Contains("[B, 1, H, W], found [2, 3, 28, 28]", Assert.Throws<ArgumentException>(() => model.forward(zeros(2, 3, 28, 28))).Message);
        Assert.Contains($"{shard.ParameterBytes} bytes, found 3", Assert.Throws<ArgumentException>(() => ModelExchange.LoadParameters(model, shard, new byte[3])).Message);
        Assert.Contains("known are", Assert.Throws<ArgumentException>(() => Model(head: "deep")).Message);
        Assert.Contains("1 split or more, found 0", Assert.Throws<ArgumentException>(() => Model(splits: 0)).Message);
        using var wide = Model(precision: Precision.Float64);
        Assert.Contains("4 bytes", Assert.Throws<ArgumentException>(() => ModelExchange.ReadParameters(wide, shard)).Message);
    });
}
