using System.Runtime.InteropServices;
using OrleansContrastive.Learning.Encoders;
using OrleansContrastive.Learning.Heads;
using OrleansContrastive.Learning.Optimizers;
using OrleansContrastive.Learning.Tests.Golden;
using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Tests.Encoders;

/// <summary>What is a transformer's own: positions, start, frozen parts, views of other sizes. Its values are in <see cref="NetworkTests"/>.</summary>
public sealed class TransformerTests
{
    private static readonly GoldenFile File = new("Encoders/golden/positions.golden");

    [Fact]
    public void Fixed_positions_are_those_of_MoCo_v3() =>
        Numbers.Close(File.Double("sincos"), PositionEmbedding.SineCosine(3, 16), 1e-15, "positions");

    [Theory]
    [InlineData(3, 3)]
    [InlineData(10, 4)]
    public void Positions_of_another_grid_are_interpolated_as_PyTorch_does(int height, int width) => Leaks.None(() =>
    {
        using var scope = NewDisposeScope();
        var positions = Numbers.Of([1, 50, 6], 3, ScalarType.Float64).requires_grad_();
        var places = PositionEmbedding.Resize(positions, 7, height, width);
        Assert.Equal([1, 1 + height * width, 6], places.shape);
        Numbers.Close(File.Double($"{height}x{width}"), Numbers.From(places), 1e-13, "places");
        (places * Numbers.Of(places.shape, 4, ScalarType.Float64)).sum().backward();
        Numbers.Close(File.Double($"{height}x{width}.gradient"), Numbers.From(positions.grad!), 1e-13, "gradient");
    });

    [Fact]
    public void Names_and_shapes_are_those_of_timm() => Leaks.None(() =>
    {
        using var model = Model("vit-tiny-p7");
        var shapes = model.Layout.Parameters.ToDictionary(p => p.Name, p => p.Shape);
        Assert.Equal([1, 1, 192], shapes["encoder.cls_token"]);
        Assert.Equal([1, 17, 192], shapes["encoder.pos_embed"]);
        Assert.Equal([192, 1, 7, 7], shapes["encoder.patch_embed.proj.weight"]);
        Assert.Equal([576, 192], shapes["encoder.blocks.11.attn.qkv.weight"]);
        Assert.Equal([768], shapes["encoder.blocks.0.mlp.fc1.bias"]);
        Assert.Equal([192], shapes["encoder.norm.weight"]);
        Assert.Equal(4 + 12 * 12 + 2, shapes.Keys.Count(name => name.StartsWith("encoder.", StringComparison.Ordinal)));
        Assert.Empty(model.Layout.Moments);
    });

    [Theory]
    [InlineData("vit-tiny", 224, 5_524_416)]
    [InlineData("vit-small", 224, 21_665_664)]
    public void Sizes_are_the_published_ones(string name, int size, long parameters) => Leaks.None(() =>
    {
        using var model = new ContrastiveModel(EncoderSpec.Parse(name, 3, size), new HeadSpec("none", 0, 0), new ModelOptions(), 1);
        Assert.Equal(parameters, model.Layout.Parameters.Sum(p => (long)p.Length));
    });

    [Theory]
    [InlineData("vit-tiny-p7", "blocks.3.attn.qkv.weight", 0.02)]
    [InlineData("vit-tiny-p7", "pos_embed", 0.02)]
    [InlineData("vit-tiny-p7", "patch_embed.proj.weight", 0.0824786)] // ±1/√49, as torch's convolutions: 1/√(3·49)
    [InlineData("vit-tiny-p7-sincos", "blocks.3.attn.qkv.weight", 0.0721688)] // ±√(6/(192 + 192)): three matrices
    [InlineData("vit-tiny-p7-sincos", "blocks.3.mlp.fc2.weight", 0.0456435)] // ±√(6/(768 + 192))
    [InlineData("vit-tiny-p7-sincos", "patch_embed.proj.weight", 0.0910973)] // ±√(6/(49 + 192))
    [InlineData("vit-tiny-p7-sincos", "blocks.3.mlp.fc2.bias", 0)]
    public void Weights_have_the_spread_that_the_published_codes_give_them(string encoder, string name, double expected) => Leaks.None(() =>
    {
        using var model = Model(encoder);
        var shard = model.Layout.Split(1)[0];
        var slot = shard.Parameters.Single(p => p.Name == "encoder." + name);
        var values = MemoryMarshal.Cast<byte, float>(ModelExchange.ReadParameters(model, shard)).Slice((int)slot.Offset, slot.Length).ToArray();
        Assert.InRange(Math.Sqrt(values.Average(v => (double)v * v)), expected * 0.96, expected * 1.04);
    });

    [Theory]
    [InlineData("adamw")]
    [InlineData("lars")]
    [InlineData("sgd")]
    public void Frozen_parts_take_no_gradient_and_no_optimizer_moves_them(string name) => Leaks.None(() =>
    {
        using var scope = NewDisposeScope();
        using var model = Model("vit-tiny-p7-sincos-frozen");
        model.train();
        model.forward(Numbers.Of([2, 1, 28, 28], 1, ScalarType.Float32)).square().sum().backward();
        var shard = model.Layout.Split(1)[0];
        var optimizer = Optimizer.Create(name, new());
        var start = ParameterVersion.Start(ScalarType.Float32, ModelExchange.ReadParameters(model, shard), default, optimizer: optimizer);
        StagedUpdate update = new(ModelExchange.ReadGradients(model, shard), default, 2);
        var runs = ParameterRun.Of(shard, optimizer);
        var end = start;
        for (var i = 0; i < 3; i++) end = end.Next([update], runs, new(0.01, 0.9, 0.1, false, 0.9), threads: 2, optimizer: optimizer);

        string[] frozen = ["encoder.pos_embed", "encoder.patch_embed.proj.weight", "encoder.patch_embed.proj.bias"];
        Assert.Equal(frozen, shard.Parameters.Where(slot => slot.Frozen).Select(slot => slot.Name));
        foreach (var slot in shard.Parameters)
        {
            var (at, length) = ((int)slot.Offset * 4, slot.Length * 4);
            Assert.Equal(slot.Frozen, start.Weights.Span.Slice(at, length).SequenceEqual(end.Weights.Span.Slice(at, length)));
            Assert.Equal(slot.Frozen, start.Weights.Span.Slice(at, length).SequenceEqual(end.KeyWeights.Span.Slice(at, length)));
            if (slot.Frozen) Assert.True(update.Gradient.Span.Slice(at, length).IndexOfAnyExcept((byte)0) < 0);
        }
    });

    [Fact]
    public void Views_of_another_size_are_encoded_and_broken_patches_refused() => Leaks.None(() =>
    {
        using var scope = NewDisposeScope();
        using var mode = no_grad();
        using var model = Model("vit-tiny-p7");
        var views = Numbers.Of([2, 1, 14, 21], 1, ScalarType.Float32);
        Assert.Equal([2, 192], model.Features(views).shape);
        Assert.Equal([2, 192, 2, 3], model.FeatureMap(views).shape);
        Assert.Contains("patches of 7 pixels, found [2, 1, 14, 20]", Assert.Throws<ArgumentException>(() => model.Features(zeros(2, 1, 14, 20))).Message);
    });

    [Theory]
    [InlineData("vit-tiny-p7")]
    [InlineData("wrn-10-1")]
    public void Bfloat16_changes_little(string name) => Leaks.None(() =>
    {
        using var scope = NewDisposeScope();
        var views = Numbers.Of([6, 1, 28, 28], 1, ScalarType.Float32);
        float[] Gradient(Learning.Devices.Precision precision)
        {
            using var model = Model(name, precision);
            model.forward(views).square().sum().backward();
            return MemoryMarshal.Cast<byte, float>(ModelExchange.ReadGradients(model, model.Layout.Split(1)[0])).ToArray();
        }

        float[] exact = Gradient(Learning.Devices.Precision.Float32), rounded = Gradient(Learning.Devices.Precision.BFloat16);
        Assert.True(System.Numerics.Tensors.TensorPrimitives.CosineSimilarity<float>(exact, rounded) > 0.98f);
    });

    private static ContrastiveModel Model(string name, Learning.Devices.Precision precision = Learning.Devices.Precision.Float32) => new(
        EncoderSpec.Parse(name, 1, 28), new HeadSpec("mlp", 0, 8), new ModelOptions { Precision = precision }, seed: 1);
}
