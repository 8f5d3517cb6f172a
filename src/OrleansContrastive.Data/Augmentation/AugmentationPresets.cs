namespace OrleansContrastive.Data.Augmentation;

/// <summary>
/// The recipes of the published methods, with the constants of their code releases. Change one by <c>with</c>; for
/// grey images, see <see cref="AugmentationRecipe.ForChannels"/>.
/// </summary>
public static class AugmentationPresets
{
    // Means and deviations of the training sets' channels, for pixels in [0, 1].
    private static readonly float[] ImageNetMean = [0.485f, 0.456f, 0.406f];
    private static readonly float[] ImageNetStd = [0.229f, 0.224f, 0.225f];
    private static readonly float[] CifarMean = [0.4914f, 0.4822f, 0.4465f];
    private static readonly float[] CifarStd = [0.2023f, 0.1994f, 0.2010f];

    private static readonly ColorJitter StrongHue = new(0.4, 0.4, 0.4, 0.4);
    private static readonly ColorJitter WeakHue = new(0.4, 0.4, 0.4, 0.1, 0.8);
    private static readonly ColorJitter SimClrFull = new(0.8, 0.8, 0.8, 0.2, 0.8);
    private static readonly ColorJitter Byol = new(0.4, 0.4, 0.2, 0.1, 0.8);

    private static readonly Dictionary<string, AugmentationRecipe> Recipes = new(StringComparer.OrdinalIgnoreCase)
    {
        // He et al. 2019, main_moco.py: grayscale before a jitter that is always applied.
        ["moco-v1"] = ImageNet(scaleMin: 0.2) with
        {
            Jitter = StrongHue,
            GrayscaleProbability = 0.2,
            GrayscaleFirst = true,
        },

        // Chen et al. 2020, main_moco.py --aug-plus.
        ["moco-v2"] = ImageNet(scaleMin: 0.2) with
        {
            Jitter = WeakHue,
            GrayscaleProbability = 0.2,
            BlurProbability = 0.5,
        },

        // MoCo's CIFAR-10 notebook: no blur.
        ["moco-v2-cifar"] = Cifar(scaleMin: 0.08) with { Jitter = WeakHue, GrayscaleProbability = 0.2 },

        // Chen et al. 2020, data_util.py at strength 1.
        ["simclr"] = ImageNet(scaleMin: 0.08) with
        {
            Jitter = SimClrFull,
            GrayscaleProbability = 0.2,
            BlurProbability = 0.5,
        },

        // The same at strength 0.5, without blur.
        ["simclr-cifar"] = Cifar(scaleMin: 0.08) with { Jitter = WeakHue, GrayscaleProbability = 0.2 },

        // solo-learn's CIFAR recipes: symmetric (SwAV), symmetric and weak (MoCo v2+), the two views of the asymmetric one (BYOL and its
        // kin, without blur), VICReg's.
        ["simclr-cifar-strong"] = Cifar(scaleMin: 0.08) with
        {
            Jitter = SimClrFull,
            GrayscaleProbability = 0.2,
            BlurProbability = 0.5,
        },
        ["moco-v2-cifar-blur"] = Cifar(scaleMin: 0.08) with
        {
            Jitter = WeakHue,
            GrayscaleProbability = 0.2,
            BlurProbability = 0.5,
        },
        ["byol-cifar-1"] = Cifar(scaleMin: 0.08) with { Jitter = Byol, GrayscaleProbability = 0.2 },
        ["byol-cifar-2"] = Cifar(scaleMin: 0.08) with { Jitter = Byol, GrayscaleProbability = 0.2, SolarizeProbability = 0.2 },
        ["vicreg-cifar"] = Cifar(scaleMin: 0.2) with { Jitter = Byol, GrayscaleProbability = 0.2, SolarizeProbability = 0.1 },

        // Grill et al. 2020, table 6: the two views differ.
        ["byol-1"] = ImageNet(scaleMin: 0.08) with { Jitter = Byol, GrayscaleProbability = 0.2, BlurProbability = 1 },
        ["byol-2"] = ImageNet(scaleMin: 0.08) with
        {
            Jitter = Byol,
            GrayscaleProbability = 0.2,
            BlurProbability = 0.1,
            SolarizeProbability = 0.2,
        },

        // Caron et al. 2021: the small crops beside BYOL's two views.
        ["dino-local"] = ImageNet(scaleMin: 0.05) with { Jitter = Byol, GrayscaleProbability = 0.2, BlurProbability = 0.5 },

        // Wu et al. 2018, lemniscate's main.py and cifar.py (the latter without a flip).
        ["instdisc"] = ImageNet(scaleMin: 0.2) with
        {
            Jitter = StrongHue,
            GrayscaleProbability = 0.2,
            GrayscaleFirst = true,
        },
        ["instdisc-cifar"] = Cifar(scaleMin: 0.2) with { Jitter = StrongHue, GrayscaleProbability = 0.2, Flip = 0 },

        // Misra and van der Maaten 2020, VISSL's pirl_jigsaw_4node_resnet50: a jitter that is always applied, no blur.
        ["pirl"] = ImageNet(scaleMin: 0.08) with { Jitter = new(0.4, 0.4, 0.4, 0.2), GrayscaleProbability = 0.2 },

        // Zhang et al. 2016: crops and flips, since a jitter would change what is asked for.
        ["colorization"] = ImageNet(scaleMin: 0.2),
        ["colorization-cifar"] = Cifar(scaleMin: 0.2),

        // For 28x28 grey clothes, found on a 50,000/10,000 split of the training set: a shirt is told from a coat by details that
        // small crops cut away.
        ["fashion-mnist"] = new AugmentationRecipe
        {
            Size = 28,
            ScaleMin = 0.8,
            RatioMin = 0.9,
            RatioMax = 1.1,
            Jitter = new ColorJitter(0.4, 0.4, 0, 0, 0.8),
            Mean = [0.2860f],
            Std = [0.3530f],
        },
    };

    /// <summary>The names of the presets, sorted.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. Recipes.Keys.Order(StringComparer.Ordinal)];

    /// <summary>The preset of a name, letter case ignored.</summary>
    /// <exception cref="ArgumentException">There is none; the message names the known ones and the nearest.</exception>
    public static AugmentationRecipe Get(string name) =>
        Recipes.TryGetValue(name, out var recipe)
            ? recipe
            : throw new ArgumentException(NearestName.Explain("augmentation", name, Names), nameof(name));

    private static AugmentationRecipe ImageNet(double scaleMin) => new()
    {
        Size = 224,
        ScaleMin = scaleMin,
        Mean = ImageNetMean,
        Std = ImageNetStd,
        PlainShorterSide = 256,
    };

    private static AugmentationRecipe Cifar(double scaleMin) => new()
    {
        Size = 32,
        ScaleMin = scaleMin,
        Mean = CifarMean,
        Std = CifarStd,
    };
}
