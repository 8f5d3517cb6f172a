using OrleansContrastive.Data.Sampling;

namespace OrleansContrastive.Data.Augmentation;

/// <summary>Draws the parameters of views with torchvision's distributions. A pure function; safe from any thread.</summary>
public static class ViewSampler
{
    private const int CropTries = 10;

    /// <summary>Draws the parameters of one view.</summary>
    /// <param name="recipe">A valid recipe.</param>
    /// <param name="width">The image's width, in pixels, at least 1.</param>
    /// <param name="height">The image's height, in pixels, at least 1.</param>
    /// <param name="key">Names the view; equal keys draw equal parameters.</param>
    public static ViewParameters Draw(AugmentationRecipe recipe, int width, int height, in ViewKey key)
    {
        var epochAndView = (uint)key.Epoch | ((ulong)(uint)key.View << 32);
        var stream = new PhiloxStream(key.Seed, PhiloxPurpose.Augmentation, epochAndView, (ulong)key.Sample);

        // The sequence of draws is part of what a seed means: a new one goes to the end.
        var parameters = DrawCrop(recipe, width, height, ref stream) with { Flip = Chance(recipe.Flip, ref stream) };
        var jitter = recipe.Jitter;
        if (Chance(jitter.Probability, ref stream))
        {
            parameters = parameters with
            {
                Order = DrawOrder(ref stream),
                Brightness = DrawFactor(jitter.Brightness, ref stream),
                Contrast = DrawFactor(jitter.Contrast, ref stream),
                Saturation = DrawFactor(jitter.Saturation, ref stream),
                Hue = (float)Uniform(-jitter.Hue, jitter.Hue, ref stream),
            };
        }

        var grayscale = Chance(recipe.GrayscaleProbability, ref stream);
        var sigma = Chance(recipe.BlurProbability, ref stream)
            ? (float)Uniform(recipe.BlurSigmaMin, recipe.BlurSigmaMax, ref stream)
            : 0;
        return parameters with
        {
            Grayscale = grayscale,
            BlurSigma = sigma,
            Solarize = Chance(recipe.SolarizeProbability, ref stream),
        };
    }

    // RandomResizedCrop.get_params: ten tries at a box that fits, then the largest centred box of an allowed ratio.
    private static ViewParameters DrawCrop(
        AugmentationRecipe recipe, int width, int height, ref PhiloxStream stream)
    {
        var area = (double)width * height;
        var leastLogRatio = Math.Log(recipe.RatioMin);
        var greatestLogRatio = Math.Log(recipe.RatioMax);
        for (var attempt = 0; attempt < CropTries; attempt++)
        {
            var targetArea = area * Uniform(recipe.ScaleMin, recipe.ScaleMax, ref stream);
            var ratio = Math.Exp(Uniform(leastLogRatio, greatestLogRatio, ref stream));
            var cropWidth = Math.Round(Math.Sqrt(targetArea * ratio));
            var cropHeight = Math.Round(Math.Sqrt(targetArea / ratio));
            if (cropWidth > 0 && cropWidth <= width && cropHeight > 0 && cropHeight <= height)
            {
                var y = stream.NextInt(height - (int)cropHeight + 1);
                var x = stream.NextInt(width - (int)cropWidth + 1);
                return Box(width, height, x, y, (int)cropWidth, (int)cropHeight);
            }
        }

        var (w, h) = (width, height);
        var imageRatio = (double)width / height;
        if (imageRatio < recipe.RatioMin)
            h = (int)Math.Round(width / recipe.RatioMin);
        else if (imageRatio > recipe.RatioMax)
            w = (int)Math.Round(height * recipe.RatioMax);

        // torchvision needs no clamp for its usual ratios; a ratio just above the image's could round to one pixel more.
        (w, h) = (Math.Clamp(w, 1, width), Math.Clamp(h, 1, height));
        return Box(width, height, (width - w) / 2, (height - h) / 2, w, h);
    }

    private static ViewParameters Box(int imageWidth, int imageHeight, int x, int y, int width, int height) =>
        ViewParameters.Whole(imageWidth, imageHeight) with
        {
            CropX = x,
            CropY = y,
            CropWidth = width,
            CropHeight = height,
        };

    private static JitterOrder DrawOrder(ref PhiloxStream stream)
    {
        // Fisher and Yates over the four places.
        Span<JitterOperation> order =
        [
            JitterOperation.Brightness, JitterOperation.Contrast, JitterOperation.Saturation, JitterOperation.Hue,
        ];
        for (var i = order.Length - 1; i > 0; i--)
        {
            var j = stream.NextInt(i + 1);
            (order[i], order[j]) = (order[j], order[i]);
        }

        return new JitterOrder(order[0], order[1], order[2], order[3]);
    }

    private static float DrawFactor(double amount, ref PhiloxStream stream) =>
        (float)Uniform(Math.Max(0, 1 - amount), 1 + amount, ref stream);

    private static double Uniform(double least, double greatest, ref PhiloxStream stream) =>
        least + ((greatest - least) * stream.NextDouble());

    private static bool Chance(double probability, ref PhiloxStream stream) => stream.NextSingle() < probability;
}
