using OrleansContrastive.Cli.Recipes;
using OrleansContrastive.Data.Datasets;
using OrleansContrastive.Hosting.Workers;
using OrleansContrastive.Learning.Methods.Frame;
using TorchSharp;

namespace OrleansContrastive.Cli.Tests;

/// <summary>The constants of published recipes, written down once more: rates that scale with the batch as base · batch / 256.</summary>
public sealed class PublishedPresetTests
{
    private const double None = double.NaN;

    // Preset; rate, decay, temperature; key momentum; rows of the queue; epochs, batch; views, head.
    [Theory]
    [InlineData("moco-v1-imagenet", 0.03, 1e-4, 0.07, 0.999, 65536, 200, 256, "moco-v1", "linear")]
    [InlineData("moco-v2-imagenet", 0.03, 1e-4, 0.2, 0.999, 65536, 200, 256, "moco-v2", "mlp")]
    [InlineData("mochi-imagenet", 0.03, 1e-4, 0.2, 0.999, 65536, 200, 256, "moco-v2", "mlp")]
    [InlineData("synco-imagenet", 0.03, 1e-4, 0.2, 0.999, 65536, 200, 256, "moco-v2", "mlp")]
    [InlineData("moco-v3-imagenet", 0.6 * 4096 / 256, 1e-6, 1.0, 0.99, 0, 100, 4096, "byol-1 byol-2", "moco-v3-mlp")]
    [InlineData("moco-v3-imagenet-300", 0.3 * 4096 / 256, 1e-6, 1.0, 0.99, 0, 300, 4096, "byol-1 byol-2", "moco-v3-mlp")]
    [InlineData("moco-v3-imagenet-1000", 0.3 * 4096 / 256, 1.5e-6, 1.0, 0.996, 0, 1000, 4096, "byol-1 byol-2", "moco-v3-mlp")]
    [InlineData("moco-v3-vit-imagenet", 1.5e-4 * 4096 / 256, 0.1, 0.2, 0.99, 0, 300, 4096, "byol-1 byol-2", "simsiam-mlp")]
    [InlineData("instdisc-imagenet", 0.03, 1e-4, 0.07, None, 0, 200, 256, "instdisc", "linear")]
    [InlineData("instdisc-imagenet-corrected", 0.03, 1e-4, 0.07, None, 0, 200, 256, "instdisc", "linear")]
    [InlineData("pirl-imagenet", 0.03 * 1024 / 256, 1e-4, 0.07, None, 0, 800, 1024, "pirl", "linear")]
    [InlineData("simclr-imagenet", 0.3 * 4096 / 256, 1e-6, 0.1, None, 0, 1000, 4096, "simclr", "simclr-mlp")]
    [InlineData("simsiam-imagenet", 0.05 * 512 / 256, 1e-4, None, None, 0, 100, 512, "moco-v2", "simsiam-mlp")]
    [InlineData("byol-imagenet", 0.2 * 4096 / 256, 1.5e-6, None, 0.996, 0, 1000, 4096, "byol-1 byol-2", "byol-mlp")]
    [InlineData("swav-imagenet", 0.6, 1e-6, 0.1, None, 0, 200, 256, "simclr", "byol-mlp")]
    [InlineData("swav-imagenet-100", 4.8, 1e-6, 0.1, None, 0, 100, 4096, "simclr", "byol-mlp")]
    [InlineData("swav-imagenet-400", 4.8, 1e-6, 0.1, None, 0, 400, 4096, "simclr", "byol-mlp")]
    [InlineData("swav-imagenet-800", 4.8, 1e-6, 0.1, None, 0, 800, 4096, "simclr", "byol-mlp")]
    [InlineData("vicreg-imagenet", 0.2 * 2048 / 256, 1e-6, None, None, 0, 1000, 2048, "byol-1 byol-2", "expander")]
    [InlineData("barlow-twins-imagenet", 0.2 * 2048 / 256, 1.5e-6, None, None, 0, 1000, 2048, "byol-1 byol-2", "expander")]
    [InlineData("nnclr-imagenet", 0.3 * 4096 / 256, 1e-6, 0.1, None, 98304, 1000, 4096, "byol-1 byol-2", "nnclr-mlp")]
    [InlineData("dino-imagenet", 5e-4 * 512 / 256, 0.04, 0.1, 0.996, 0, 100, 512, "byol-1 byol-2", "dino-mlp")]
    [InlineData("moco-v2-cifar10", 0.03 * 512 / 256, 5e-4, 0.1, 0.99, 4096, 200, 512, "moco-v2-cifar", "linear")]
    [InlineData("moco-v2-cifar10-symmetric", 0.03 * 512 / 256, 5e-4, 0.1, 0.99, 4096, 200, 512, "moco-v2-cifar", "linear")]
    [InlineData("moco-v2-plus-cifar10", 0.3, 1e-4, 0.2, 0.99, 32768, 1000, 256, "moco-v2-cifar-blur", "mlp")]
    [InlineData("moco-v3-cifar10", 0.3, 1e-6, 0.2, 0.99, 0, 1000, 256, "byol-cifar-1 byol-cifar-2", "moco-v3-mlp")]
    [InlineData("byol-cifar10", 1.0, 1e-5, None, 0.99, 0, 1000, 256, "byol-cifar-1 byol-cifar-2", "byol-mlp")]
    [InlineData("nnclr-cifar10", 0.4, 1e-5, 0.2, None, 65536, 1000, 256, "byol-cifar-1 byol-cifar-2", "nnclr-mlp")]
    [InlineData("dino-cifar10", 0.3, 1e-6, 0.1, 0.9995, 0, 1000, 256, "byol-cifar-1 byol-cifar-2", "dino-mlp")]
    [InlineData("barlow-twins-cifar10", 0.3, 1e-4, None, None, 0, 1000, 256, "byol-cifar-1 byol-cifar-2", "expander")]
    [InlineData("vicreg-cifar10", 0.3, 1e-4, None, None, 0, 1000, 256, "vicreg-cifar", "expander")]
    [InlineData("swav-cifar10", 0.6, 1e-6, 0.1, None, 0, 1000, 256, "simclr-cifar-strong", "byol-mlp")]
    [InlineData("simclr-cifar10", 1.0 * 512 / 256, 1e-4, 0.5, None, 0, 1000, 512, "simclr-cifar", "simclr-mlp")]
    [InlineData("simsiam-cifar10", 0.03 * 512 / 256, 5e-4, None, None, 0, 800, 512, "moco-v2-cifar", "simsiam-mlp2")]
    [InlineData("supcon-cifar10", 0.5 * 0.1 / 0.07, 1e-4 * 0.07 / 0.1, 0.1, None, 0, 1000, 1024, "simclr-cifar", "mlp")]
    [InlineData("instdisc-cifar10", 0.03, 5e-4, 0.1, None, 0, 200, 128, "instdisc-cifar", "linear")]
    [InlineData("dcl-cifar10", 0.06, 5e-4, 0.1, None, 0, 200, 128, "simclr-cifar", "simclr-mlp")]
    [InlineData("simclr-debiased-stl10", 1e-3, 1e-6, 0.5, None, 0, 400, 256, "moco-v2-cifar-blur", "byol-mlp")]
    [InlineData("simclr-reweighted-stl10", 1e-3, 1e-6, 0.5, None, 0, 400, 256, "moco-v2-cifar-blur", "byol-mlp")]
    public void A_preset_has_the_constants_of_its_source(
        string preset, double rate, double decay, double temperature, double keyMomentum, int queue, int epochs, int batch, string views, string head)
    {
        var recipe = RecipeReader.Read(preset, new Dictionary<string, object?>(), []);
        using var images = DatasetCatalog.Open(new() { Name = "synthetic" });
        var plan = MethodPlans.Of(SpecResolver.Resolve(recipe, images, [torch.CPU]));

        Assert.Equal(rate, recipe.LearningRate, rate * 1e-3);
        Assert.Equal(decay, recipe.WeightDecay, decay * 1e-3);
        if (!double.IsNaN(temperature)) Assert.Equal(temperature, recipe.Temperature);
        Assert.Equal(double.IsNaN(keyMomentum), plan.KeyViews.Count == 0);
        if (!double.IsNaN(keyMomentum)) Assert.Equal(keyMomentum, recipe.KeyMomentum);
        Assert.Equal(queue > 0, plan.Memory == MemoryKind.Queue);
        if (queue > 0) Assert.Equal(queue, recipe.QueueLength);
        Assert.Equal((epochs, batch), (recipe.Epochs, recipe.Batch));
        Assert.Equal(views, recipe.KeyAugmentation is { } key ? $"{recipe.Augmentation} {key}" : recipe.Augmentation);
        Assert.Equal(head, recipe.Head);
    }

    // What sets a recipe apart beyond those: options of the method, and of the recipe.
    [Theory]
    [InlineData("moco-v3-imagenet", "predictorWidth=4096", "encoder=resnet50-zero")]
    [InlineData("moco-v3-vit-imagenet", "predictorWidth=4096 predictorNorm=true", "encoder=vit-small-h12-sincos-frozen")]
    [InlineData("simclr-imagenet", "", "encoder=resnet50-zero")]
    [InlineData("byol-imagenet", "", "encoder=resnet50-zero")]
    [InlineData("simsiam-imagenet", "", "encoder=resnet50-zero")]
    [InlineData("simsiam-cifar10", "predictorWidth=512", "cropScaleMin=0.2")]
    [InlineData("vicreg-imagenet", "", "encoder=resnet50-zero finalLearningRate=0.0016")]
    [InlineData("vicreg-cifar10", "variance=50", "")]
    [InlineData("barlow-twins-imagenet", "scale=0.024 offDiagonal=0.0051", "encoder=resnet50-zero finalLearningRate=0.0016")]
    [InlineData("dino-imagenet", "prototypes=65536 localCrops=8 teacherTemperature=0.04 frozenEpochs=1", "gradientClip=3 weightDecayEnd=0.4 finalLearningRate=1e-06")]
    [InlineData("dino-cifar10", "prototypes=4096 teacherWarmUpEpochs=0 frozenEpochs=1", "")]
    [InlineData("cpc-v2-cifar10", "patch=10 stride=5 steps=3 skip=1", "imageSize=30")]
    [InlineData("supcon-cifar10", "", "cropScaleMin=0.2")]
    [InlineData("moco-v2-cifar10-symmetric", "symmetricLoss=sum", "symmetric=true")]
    [InlineData("mochi-imagenet", "", "samplingRows=1024 mixedPairs=1024 mixedWithQuery=128 mixAfterEpochs=15")]
    public void A_preset_has_what_sets_its_source_apart(string preset, string options, string keys)
    {
        var recipe = PresetFolder.Read(preset);
        foreach (var (key, value) in Pairs(keys)) Assert.Equal(value, $"{recipe[key]}");
        foreach (var (key, value) in Pairs(options)) Assert.Equal(value, $"{recipe["options"]![key]}");

        static IEnumerable<(string Key, string Value)> Pairs(string text) =>
            text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(pair => (pair.Split('=')[0], pair.Split('=')[1]));
    }

    /// <summary>Losses over a batch, and the parts of batch norm that keys are shuffled over, are the published ones on a machine of any number of lanes.</summary>
    [Fact]
    public void A_published_preset_whose_figures_hang_on_the_whole_batch_has_one_encoder()
    {
        foreach (var preset in PresetFolder.Names.Where(name => name.Contains("imagenet", StringComparison.Ordinal) || name.Contains("10", StringComparison.Ordinal)))
        {
            var recipe = RecipeReader.Read(preset, new Dictionary<string, object?>(), []);
            if (recipe.Store == "bank") continue;
            Assert.True(recipe.Encoders == 1, $"{preset}: {recipe.Encoders} encoders.");
            if (recipe.Method is "moco-v1" or "moco-v2" && preset != "moco-v2-plus-cifar10") Assert.True(recipe.BatchNormSplits == 8, $"{preset}: {recipe.BatchNormSplits} splits.");
        }
    }
}
