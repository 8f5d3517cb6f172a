using OrleansContrastive.Learning.Encoders;
using TorchSharp;
using TorchSharp.Modules;
using TorchSharp.Utils;

namespace OrleansContrastive.Learning.Tests.Encoders;

public sealed class EncoderSpecTests
{
    [Fact]
    public void Every_known_name_is_read()
    {
        foreach (var name in EncoderSpec.KnownNames) Assert.Equal(name, EncoderSpec.Parse(name, 3, 32).Name);
    }

    [Theory]
    [InlineData("resnet8-w16", 1, 28, 8, 16, StemKind.Cifar, 64)]
    [InlineData("resnet18", 3, 95, 18, 64, StemKind.Cifar, 512)]
    [InlineData("resnet18-w32", 3, 96, 18, 32, StemKind.ImageNet, 256)]
    [InlineData("resnet50", 3, 224, 50, 64, StemKind.ImageNet, 2048)]
    public void A_name_gives_depth_width_and_stem(
        string name, int channels, int size, int depth, int width, StemKind stem, int features)
    {
        var spec = EncoderSpec.Parse(name, channels, size);
        Assert.Equal(new ResNetSpec(name, depth, width, stem, channels), spec);
        Assert.Equal(features, spec.FeatureWidth);
    }

    [Theory]
    [InlineData("vit-tiny", 3, 32, 192, 3, 4, 8, false, false)]
    [InlineData("vit-small", 3, 224, 384, 6, 16, 14, false, false)]
    [InlineData("vit-tiny-p7", 1, 28, 192, 3, 7, 4, false, false)]
    [InlineData("vit-small-h12-sincos-frozen", 3, 96, 384, 12, 16, 6, true, true)]
    public void A_transformers_name_gives_width_heads_patch_and_options(
        string name, int channels, int size, int width, int heads, int patch, int side, bool positions, bool frozen)
    {
        var spec = Assert.IsType<VisionTransformerSpec>(EncoderSpec.Parse(name, channels, size));
        Assert.Equal(new(name, width, heads, patch, size, positions, frozen, channels), spec);
        Assert.Equal((side, width), (spec.Side, spec.FeatureWidth));
    }

    [Theory]
    [InlineData("resnet8-w16-ln", NormKind.Layer)]
    [InlineData("resnet50-ln", NormKind.Layer)]
    [InlineData("wrn-28-2-ln", NormKind.Layer)]
    [InlineData("wrn-28-2", NormKind.Batch)]
    public void A_name_says_which_norm(string name, NormKind norm) =>
        Assert.Equal(norm, EncoderSpec.Parse(name, 3, 32) switch { ResNetSpec residual => residual.Norm, WideResNetSpec wide => wide.Norm, _ => (NormKind?)null });

    [Fact]
    public void A_wide_residual_networks_name_gives_depth_and_width()
    {
        var spec = Assert.IsType<WideResNetSpec>(EncoderSpec.Parse("wrn-16-4", 3, 32));
        Assert.Equal((16, 4, 2, 256), (spec.Depth, spec.Widening, spec.BlocksPerStage, spec.FeatureWidth));
    }

    [Theory]
    [InlineData("conv1d-gru", 64)]
    [InlineData("conv1d-gru-w16", 16)]
    public void A_signal_encoders_name_gives_its_width(string name, int width) =>
        Assert.Equal(new SignalEncoderSpec(name, width, 1), EncoderSpec.Parse(name, 1, 32));

    [Fact]
    public void An_encoder_of_another_assembly_is_found_by_its_name()
    {
        EncoderSpec.Register(new(["flat-test"], "nothing may be changed", (name, channels, _) => name == "flat-test" ? new FlatSpec(channels) : null));
        Assert.Contains("flat-test", EncoderSpec.KnownNames);
        using var model = new ContrastiveModel(EncoderSpec.Parse("flat-test", 1, 8), new("none", 0, 0), new ModelOptions(), 1);
        using var features = model.Features(torch.ones(3, 1, 8, 8));
        Assert.Equal([3, 1], features.shape);
        Assert.Equal(["encoder.scale"], model.Layout.Parameters.Select(slot => slot.Name));
    }

    private sealed record FlatSpec(int InputChannels) : EncoderSpec("flat-test", InputChannels)
    {
        public override int FeatureWidth => 1;

        public override ImageEncoder Build(LayerContext context) => new Flat(context);
    }

    private sealed class Flat : ConvolutionalEncoder
    {
        [ComponentName(Name = "scale")]
        private readonly Parameter _scale;

        public Flat(LayerContext context)
            : base(nameof(Flat))
        {
            _scale = context.Constant([1], 2);
            RegisterComponents();
        }

        public override torch.Tensor forward(torch.Tensor input) => input.mul(_scale);
    }

    [Theory]
    [InlineData("wrn-27-2", 3, 32, "6n + 4 in 10 to 100, found 27")]
    [InlineData("wrn-28-0", 3, 32, "1 to 20, found 0")]
    [InlineData("vit-tiny", 3, 30, "30 pixels are not whole patches of 4")]
    [InlineData("vit-tiny-p0", 3, 32, "whole patches of 0")]
    [InlineData("vit-tiny-h5", 3, 32, "divide its width 192, found 5")]
    [InlineData("conv1d-gru-w12", 1, 32, "multiple of 8 in 8 to 1024, found 12")]
    [InlineData("vit-huge", 3, 32, "vit-tiny")]
    [InlineData("resnet19", 3, 32, "known are: resnet8")]
    [InlineData("resnet8-ln-w16", 3, 32, "-ln behind it takes layer norm")]
    [InlineData("resnet18-w0", 3, 32, "1 to 1024, found 0")]
    [InlineData("resnet8-w4", 3, 32, "multiple of 8, found 4")]
    [InlineData("resnet18-w99999999999", 3, 32, "1 to 1024, found 99999999999")]
    [InlineData("resnet18", 2, 32, "1 or 3 channels, found 2")]
    [InlineData("resnet18", 3, 4, "imageSize")]
    public void Wrong_input_is_answered_with_what_was_expected(string name, int channels, int size, string message) =>
        Assert.Contains(message, Assert.ThrowsAny<ArgumentException>(() => EncoderSpec.Parse(name, channels, size)).Message);
}
