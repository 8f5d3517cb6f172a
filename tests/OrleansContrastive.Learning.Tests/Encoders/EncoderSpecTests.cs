using OrleansContrastive.Learning.Encoders;

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
        Assert.Equal(new EncoderSpec(name, depth, width, stem, channels), spec);
        Assert.Equal(features, spec.FeatureWidth);
    }

    [Theory]
    [InlineData("resnet19", 3, 32, "known are: resnet8")]
    [InlineData("resnet18-w0", 3, 32, "1 to 1024, found 0")]
    [InlineData("resnet8-w4", 3, 32, "multiple of 8, found 4")]
    [InlineData("resnet18-w99999999999", 3, 32, "1 to 1024, found 99999999999")]
    [InlineData("resnet18", 2, 32, "1 or 3 channels, found 2")]
    [InlineData("resnet18", 3, 4, "imageSize")]
    public void Wrong_input_is_answered_with_what_was_expected(string name, int channels, int size, string message) =>
        Assert.Contains(message, Assert.ThrowsAny<ArgumentException>(() => EncoderSpec.Parse(name, channels, size)).Message);
}
