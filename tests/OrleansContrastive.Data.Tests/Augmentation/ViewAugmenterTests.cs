using System.Security.Cryptography;
using FsCheck;
using FsCheck.Fluent;
using OrleansContrastive.Data.Augmentation;
using OrleansContrastive.Data.Datasets;

namespace OrleansContrastive.Data.Tests.Augmentation;

public sealed class ViewAugmenterTests
{
    private static readonly AugmentationRecipe Busy = AugmentationPresets.Get("byol-2") with
    {
        Size = 32,
        PlainShorterSide = 0,
        BlurProbability = 0.5,
        BlurKernel = 9,
    };

    [Fact]
    public void Equal_keys_give_equal_bytes_whatever_was_rendered_before()
    {
        var (image, other) = (Noise(60, 45, 3, 1), Noise(200, 300, 3, 2));
        var augmenter = Augmenter(Busy);
        var fresh = new byte[augmenter.BytesPerView];
        var used = new byte[augmenter.BytesPerView];
        for (var sample = 0; sample < 50; sample++)
        {
            var key = new ViewKey(3, 1, sample, 0);
            Augmenter(Busy).Augment(image, key, fresh);
            augmenter.Augment(other, key, used);
            augmenter.Augment(image, key, used);
            Assert.Equal(fresh, used);
            augmenter.Augment(image, key with { View = 1 }, used);
            Assert.NotEqual(fresh, used);
        }
    }

    // What a seed means is part of every checkpoint: no processor, stack or later version may render other pixels. A change
    // of these bytes is a change of format. These recipes use all that there is, so that a new one leaves them be.
    [Fact]
    public void A_seed_means_the_same_bytes_everywhere()
    {
        using var digest = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        string[] names = ["byol-1", "byol-2", "fashion-mnist", "instdisc", "instdisc-cifar", "moco-v1", "moco-v2", "moco-v2-cifar", "simclr", "simclr-cifar"];
        foreach (var name in names)
        {
            foreach (var channels in new[] { 1, 3 })
            {
                var preset = AugmentationPresets.Get(name).ForChannels(channels);
                var recipe = preset with { Size = Math.Min(preset.Size, 51) };
                var augmenter = new ViewAugmenter(recipe, channels, ViewLayout.Nhwc, ViewPrecision.Float32);
                var image = Drawn(73, 59, channels);
                var view = new byte[augmenter.BytesPerView];
                for (var sample = 0; sample < 8; sample++)
                {
                    augmenter.Augment(image, new ViewKey(1, 2, sample, 1), view);
                    digest.AppendData(view);
                }

                augmenter.Plain(image, view);
                digest.AppendData(view);
            }
        }

        Assert.Equal(
            "18D6CC6038730F7EAA8B0929F7D7005CBE17D19095623F3CEA2D57843C74A804", Convert.ToHexString(digest.GetHashAndReset()));
    }

    [Fact]
    public void Augment_draws_and_applies()
    {
        var image = Noise(60, 45, 3, 1);
        var augmenter = Augmenter(Busy);
        var (augmented, applied) = (new byte[augmenter.BytesPerView], new byte[augmenter.BytesPerView]);
        var key = new ViewKey(9, 0, 4, 1);
        augmenter.Augment(image, key, augmented);
        augmenter.Apply(image, ViewSampler.Draw(Busy, 60, 45, key), applied);
        Assert.Equal(applied, augmented);
    }

    [Theory]
    [InlineData(3, ViewLayout.Nchw, ViewPrecision.Float32)]
    [InlineData(3, ViewLayout.Nhwc, ViewPrecision.BFloat16)]
    [InlineData(1, ViewLayout.Nchw, ViewPrecision.BFloat16)]
    public void Views_allocate_nothing(int channels, ViewLayout layout, ViewPrecision precision)
    {
        var image = Noise(70, 90, channels, 5);
        var augmenter = new ViewAugmenter(Busy.ForChannels(channels), channels, layout, precision);
        var view = new byte[augmenter.BytesPerView];

        // The largest crop first, so that no buffer has to grow later.
        augmenter.Apply(image, ViewParameters.Whole(70, 90), view);
        for (var sample = 0; sample < 20; sample++) augmenter.Augment(image, new ViewKey(1, 0, sample, 0), view);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var sample = 0; sample < 100; sample++) augmenter.Augment(image, new ViewKey(1, 1, sample, 0), view);
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    [Fact]
    public void Any_image_and_size_gives_values_in_range() =>
        Prop.ForAll(
            Gen.Choose(1, 70).Two().ToArbitrary(), Gen.Choose(1, 40).ToArbitrary(), Gen.Choose(0, 1 << 30).ToArbitrary(),
            (shape, size, seed) =>
            {
                var channels = seed % 2 == 0 ? 3 : 1;
                var recipe = Busy with { Size = size, BlurKernel = 0, Mean = [0], Std = [1], SolarizeProbability = 0.5 };
                var augmenter = new ViewAugmenter(recipe, channels, (ViewLayout)(seed / 2 % 2), ViewPrecision.Float32);
                var view = new byte[augmenter.BytesPerView];
                var image = Noise(shape.Item1, shape.Item2, channels, seed);
                augmenter.Augment(image, new ViewKey((ulong)seed, 0, 0, 0), view);
                var augmented = InRange(view);
                augmenter.Plain(image, view);
                return augmented && InRange(view);
            }).QuickCheckThrowOnFailure();

    [Fact]
    public void A_constant_image_stays_constant_under_geometry_and_blur()
    {
        var image = Noise(50, 40, 3, 1);
        image.Pixels.Fill(51);
        var recipe = Busy with { Jitter = ColorJitter.None, SolarizeProbability = 0, BlurProbability = 1, Mean = [0], Std = [1] };
        var augmenter = Augmenter(recipe);
        var view = new byte[augmenter.BytesPerView];
        for (var sample = 0; sample < 50; sample++)
        {
            augmenter.Augment(image, new ViewKey(1, 0, sample, 0), view);
            for (var i = 0; i < view.Length; i += 4) Assert.Equal(0.2f, BitConverter.ToSingle(view, i), 0.0001f);
        }
    }

    [Fact]
    public void A_plain_view_of_the_right_size_holds_the_pixels()
    {
        var image = Noise(32, 32, 1, 8);
        var recipe = new AugmentationRecipe { Size = 32, PlainShorterSide = 40 };
        var augmenter = new ViewAugmenter(recipe, 1, ViewLayout.Nchw, ViewPrecision.Float32);
        var view = new byte[augmenter.BytesPerView];
        augmenter.Plain(image, view);
        for (var i = 0; i < image.Pixels.Length; i++)
            Assert.Equal(image.Pixels[i] / 255f, BitConverter.ToSingle(view, 4 * i), 1e-7f);
    }

    [Fact]
    public void Wrong_arguments_are_named()
    {
        var augmenter = Augmenter(Busy);
        var view = new byte[augmenter.BytesPerView];
        Assert.Contains("3 channels, found 1", Message(() => augmenter.Augment(Noise(9, 9, 1, 1), default, view)));
        Assert.Contains(
            "takes 12288 bytes, the destination has 12287", Message(() => augmenter.Plain(Noise(9, 9, 3, 1), new byte[12287])));
        Assert.Contains("1 values for images of 1", Message(() => new ViewAugmenter(Busy, 1, default, default)).Replace("1 or 1", "1"));
        Assert.Contains("1 or 3", Message(() => new ViewAugmenter(Busy, 2, default, default)));

        var image = Noise(9, 8, 3, 1);
        var whole = ViewParameters.Whole(9, 8);
        Assert.Contains("9 x 8 pixels, found 0 x 0", Message(() => augmenter.Apply(image, default, view)));
        Assert.Contains("found 9 x 8 at column 1", Message(() => augmenter.Apply(image, whole with { CropX = 1 }, view)));
        Assert.Contains("row -1", Message(() => augmenter.Apply(image, whole with { CropY = -1 }, view)));
        Assert.Contains("each operation once", Message(() => augmenter.Apply(image, whole with { Order = default }, view)));
        Assert.Contains("found -2", Message(() => augmenter.Apply(image, whole with { Contrast = -2 }, view)));
        Assert.Contains("BlurSigma", Message(() => augmenter.Apply(image, whole with { BlurSigma = float.NaN }, view)));
        Assert.Contains("found 0.75", Message(() => augmenter.Apply(image, whole with { Hue = 0.75f }, view)));
    }

    private static ViewAugmenter Augmenter(AugmentationRecipe recipe) =>
        new(recipe, 3, ViewLayout.Nchw, ViewPrecision.Float32);

    private static string Message(Action action) => Assert.ThrowsAny<ArgumentException>(action).Message;

    private static bool InRange(byte[] view)
    {
        for (var i = 0; i < view.Length; i += 4)
        {
            if (BitConverter.ToSingle(view, i) is not (>= -1e-5f and <= 1 + 1e-5f)) return false;
        }

        return true;
    }

    // Waves of triangles: no mathematics library takes part.
    private static PixelBuffer Drawn(int width, int height, int channels)
    {
        var image = new PixelBuffer();
        image.Resize(width, height, channels);
        for (var i = 0; i < image.Pixels.Length; i++)
        {
            var (x, y, channel) = (i / channels % width, i / channels / width, i % channels);
            image.Pixels[i] = (byte)Math.Abs((((x * (5 + channel)) + (y * (7 - channel)) + (x * y / 16)) % 511) - 255);
        }

        return image;
    }

    private static PixelBuffer Noise(int width, int height, int channels, int seed)
    {
        var image = new PixelBuffer();
        image.Resize(width, height, channels);
        new System.Random(seed).NextBytes(image.Pixels);
        return image;
    }
}
