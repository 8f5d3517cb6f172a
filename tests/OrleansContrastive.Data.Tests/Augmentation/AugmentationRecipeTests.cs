using System.Text.Json;
using OrleansContrastive.Data.Augmentation;

namespace OrleansContrastive.Data.Tests.Augmentation;

public sealed class AugmentationRecipeTests
{
    private static readonly AugmentationRecipe Usable = AugmentationPresets.Get("moco-v2");

    public static TheoryData<string> Presets => new(AugmentationPresets.Names);

    public static TheoryData<AugmentationRecipe, string> Mistakes => new()
    {
        { Usable with { Size = 0 }, "Size must be in [1, 4096], found 0" },
        { Usable with { Size = 5000, PlainShorterSide = 0 }, "Size must be in [1, 4096], found 5000" },
        { Usable with { ScaleMin = 0 }, "ScaleMin must be in (0, ScaleMax = 1], found 0" },
        { Usable with { ScaleMin = 0.5, ScaleMax = 0.4 }, "ScaleMin must be in (0, ScaleMax = 0.4], found 0.5" },
        { Usable with { ScaleMax = 1.5 }, "ScaleMax must be in (0, 1], found 1.5" },
        { Usable with { ScaleMin = double.NaN }, "found NaN" },
        { Usable with { RatioMin = 2, RatioMax = 1 }, "RatioMin must be in (0, RatioMax = 1], found 2" },
        { Usable with { RatioMax = double.PositiveInfinity }, "RatioMax must be finite, found Infinity" },
        { Usable with { Flip = 1.1 }, "Flip must be in [0, 1], found 1.1" },
        { Usable with { Jitter = null! }, "Jitter must be given, found null" },
        { Usable with { Jitter = Usable.Jitter with { Brightness = -1 } }, "Jitter.Brightness must be at least 0" },
        { Usable with { Jitter = Usable.Jitter with { Contrast = -1 } }, "Jitter.Contrast must be at least 0" },
        { Usable with { Jitter = Usable.Jitter with { Saturation = -1 } }, "Jitter.Saturation must be at least 0" },
        { Usable with { Jitter = Usable.Jitter with { Hue = 0.6 } }, "Jitter.Hue must be in [0, 0.5], found 0.6" },
        { Usable with { Jitter = Usable.Jitter with { Probability = 2 } }, "Jitter.Probability must be in [0, 1], found 2" },
        { Usable with { GrayscaleProbability = -0.1 }, "GrayscaleProbability must be in [0, 1], found -0.1" },
        { Usable with { BlurProbability = double.NaN }, "BlurProbability must be in [0, 1], found NaN" },
        { Usable with { BlurSigmaMin = 0 }, "BlurSigmaMin must be in (0, BlurSigmaMax = 2], found 0" },
        { Usable with { BlurSigmaMax = double.PositiveInfinity }, "BlurSigmaMax must be finite" },
        { Usable with { BlurKernel = 4 }, "BlurKernel must be 0, or odd and in [1, 447], found 4" },
        { Usable with { BlurKernel = 449 }, "found 449" },
        { Usable with { BlurKernel = -3 }, "found -3" },
        { Usable with { SolarizeProbability = 3 }, "SolarizeProbability must be in [0, 1], found 3" },
        { Usable with { SolarizeThreshold = 128 }, "SolarizeThreshold must be in [0, 1], found 128" },
        { Usable with { Mean = [1, 2] }, "Mean must be 1 or 3 values, found 2 values" },
        { Usable with { Std = null! }, "Std must be 1 or 3 values, found null" },
        { Usable with { Std = [1, 0, 1] }, "Std must be above 0 and finite, found 0" },
        { Usable with { Mean = [float.NaN] }, "Mean must be finite, found NaN" },
        { Usable with { PlainShorterSide = 100 }, "PlainShorterSide must be 0, or in [Size = 224, 4096], found 100" },
    };

    [Theory]
    [MemberData(nameof(Presets))]
    public void Presets_are_usable_on_colour_and_grey_images(string name)
    {
        var preset = AugmentationPresets.Get(name.ToUpperInvariant());
        Assert.Empty(preset.Problems());
        foreach (var channels in new[] { 1, 3 })
        {
            var augmenter = new ViewAugmenter(preset.ForChannels(channels), channels, ViewLayout.Nchw, ViewPrecision.Float32);
            Assert.Equal(preset.Size * preset.Size * channels * 4, augmenter.BytesPerView);
        }
    }

    [Theory]
    [MemberData(nameof(Mistakes))]
    public void A_value_out_of_range_is_named_with_its_range(AugmentationRecipe recipe, string expected)
    {
        Assert.Contains(recipe.Problems(), problem => problem.Contains(expected, StringComparison.Ordinal));
        var error = Assert.Throws<ArgumentException>(() => new ViewAugmenter(recipe, 3, ViewLayout.Nchw, ViewPrecision.Float32));
        Assert.Contains(expected, error.Message);
    }

    [Fact]
    public void All_mistakes_are_named_at_once() =>
        Assert.Equal(2, (Usable with { Flip = -1, ScaleMax = 2 }).Problems().Count);

    [Theory]
    [MemberData(nameof(Presets))]
    public void Recipes_survive_json_and_are_equal_by_value(string name)
    {
        var preset = AugmentationPresets.Get(name);
        var copy = JsonSerializer.Deserialize<AugmentationRecipe>(JsonSerializer.Serialize(preset))!;
        Assert.Equal(preset, copy);
        Assert.Equal(preset.GetHashCode(), copy.GetHashCode());
        Assert.NotEqual(preset, copy with { ScaleMin = 0.123 });
        Assert.NotEqual(preset, copy with { Mean = [0.1f, 0.2f, 0.3f] });
        Assert.NotEqual(preset, copy with { Std = [0.9f] });
    }

    [Fact]
    public void An_unknown_preset_is_answered_with_the_nearest()
    {
        var error = Assert.Throws<ArgumentException>(() => AugmentationPresets.Get("moco-v3"));
        Assert.Contains("did you mean \"moco-v1\"", error.Message);
        Assert.Contains("byol-1", error.Message);
    }

    [Theory]
    [InlineData(224, 0, 23)]
    [InlineData(32, 0, 3)]
    [InlineData(28, 0, 3)]
    [InlineData(8, 0, 1)]
    [InlineData(32, 7, 7)]
    public void The_blur_covers_a_tenth_of_the_view(int size, int kernel, int expected) =>
        Assert.Equal(expected, new AugmentationRecipe { Size = size, BlurKernel = kernel }.EffectiveBlurKernel);

    [Fact]
    public void Means_are_averaged_for_grey_images_only()
    {
        Assert.Same(Usable, Usable.ForChannels(3));
        Assert.Equal((0.485 + 0.456 + 0.406) / 3, Usable.ForChannels(1).Mean.Single(), 6);
        var gray = AugmentationPresets.Get("fashion-mnist");
        Assert.Same(gray, gray.ForChannels(3));
    }
}
