using System.Globalization;

namespace OrleansContrastive.Data.Augmentation;

/// <summary>The ranges that the values of a recipe must keep.</summary>
internal static class RecipeRules
{
    /// <summary>The largest view, in pixels a side: it keeps all sizes well inside 32 bits.</summary>
    public const int LargestSize = 4096;

    public static IReadOnlyList<string> Check(AugmentationRecipe recipe)
    {
        var problems = new List<string>();

        // A "not" before each condition also catches NaN.
        void Expect(bool holds, string name, string expected, object? found)
        {
            if (!holds)
            {
                var text = found is null ? "null" : Convert.ToString(found, CultureInfo.InvariantCulture);
                problems.Add($"Augmentation {name} must be {expected}, found {text}.");
            }
        }

        void Probability(double value, string name) => Expect(value is >= 0 and <= 1, name, "in [0, 1]", value);

        Expect(recipe.Size is >= 1 and <= LargestSize, nameof(recipe.Size), $"in [1, {LargestSize}]", recipe.Size);
        Expect(recipe.ScaleMin > 0 && recipe.ScaleMin <= recipe.ScaleMax, nameof(recipe.ScaleMin),
            Invariant($"in (0, ScaleMax = {recipe.ScaleMax}]"), recipe.ScaleMin);
        Expect(recipe.ScaleMax is > 0 and <= 1, nameof(recipe.ScaleMax), "in (0, 1]", recipe.ScaleMax);
        Expect(recipe.RatioMin > 0 && recipe.RatioMin <= recipe.RatioMax, nameof(recipe.RatioMin),
            Invariant($"in (0, RatioMax = {recipe.RatioMax}]"), recipe.RatioMin);
        Expect(double.IsFinite(recipe.RatioMax), nameof(recipe.RatioMax), "finite", recipe.RatioMax);
        Probability(recipe.Flip, nameof(recipe.Flip));
        CheckJitter(recipe.Jitter, Expect, Probability);
        Probability(recipe.GrayscaleProbability, nameof(recipe.GrayscaleProbability));
        Probability(recipe.BlurProbability, nameof(recipe.BlurProbability));
        Expect(recipe.BlurSigmaMin > 0 && recipe.BlurSigmaMin <= recipe.BlurSigmaMax, nameof(recipe.BlurSigmaMin),
            Invariant($"in (0, BlurSigmaMax = {recipe.BlurSigmaMax}]"), recipe.BlurSigmaMin);
        Expect(double.IsFinite(recipe.BlurSigmaMax), nameof(recipe.BlurSigmaMax), "finite", recipe.BlurSigmaMax);

        // Reflection at the border needs half a kernel of pixels beside the first.
        var kernel = recipe.EffectiveBlurKernel;
        Expect(recipe.BlurKernel == 0 || (kernel % 2 == 1 && kernel > 0 && kernel / 2 < recipe.Size),
            nameof(recipe.BlurKernel), $"0, or odd and in [1, {Math.Max(1, (2 * recipe.Size) - 1)}]", recipe.BlurKernel);
        Probability(recipe.SolarizeProbability, nameof(recipe.SolarizeProbability));
        Probability(recipe.SolarizeThreshold, nameof(recipe.SolarizeThreshold));
        CheckNormalization(recipe, Expect);
        Expect(recipe.PlainShorterSide == 0
                || (recipe.PlainShorterSide >= recipe.Size && recipe.PlainShorterSide <= LargestSize),
            nameof(recipe.PlainShorterSide), $"0, or in [Size = {recipe.Size}, {LargestSize}]", recipe.PlainShorterSide);
        return problems;
    }

    private static void CheckJitter(
        ColorJitter? jitter, Action<bool, string, string, object?> expect, Action<double, string> probability)
    {
        if (jitter is null)
        {
            expect(false, nameof(AugmentationRecipe.Jitter), "given", null);
            return;
        }

        void Amount(double value, string name) =>
            expect(value >= 0 && double.IsFinite(value), $"Jitter.{name}", "at least 0 and finite", value);

        Amount(jitter.Brightness, nameof(jitter.Brightness));
        Amount(jitter.Contrast, nameof(jitter.Contrast));
        Amount(jitter.Saturation, nameof(jitter.Saturation));
        expect(jitter.Hue is >= 0 and <= 0.5, "Jitter.Hue", "in [0, 0.5]", jitter.Hue);
        probability(jitter.Probability, "Jitter.Probability");
    }

    private static void CheckNormalization(AugmentationRecipe recipe, Action<bool, string, string, object?> expect)
    {
        void Length(float[]? values, string name) =>
            expect(values is { Length: 1 or 3 }, name, "1 or 3 values", values is null ? null : $"{values.Length} values");

        Length(recipe.Mean, nameof(recipe.Mean));
        Length(recipe.Std, nameof(recipe.Std));
        foreach (var mean in recipe.Mean ?? [])
            expect(float.IsFinite(mean), nameof(recipe.Mean), "finite", mean);
        foreach (var std in recipe.Std ?? [])
            expect(std > 0 && float.IsFinite(std), nameof(recipe.Std), "above 0 and finite", std);
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
