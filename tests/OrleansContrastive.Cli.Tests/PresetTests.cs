using System.Text.Json;
using OrleansContrastive.Cli.Experiments;
using OrleansContrastive.Cli.Recipes;
using OrleansContrastive.Contracts.Runs;
using OrleansContrastive.Data.Augmentation;
using OrleansContrastive.Data.Datasets;
using OrleansContrastive.Learning.Methods;
using OrleansContrastive.Learning.Methods.Frame;
using TorchSharp;

namespace OrleansContrastive.Cli.Tests;

public sealed class PresetTests
{
    private static readonly torch.Device[] TwoLanes = [torch.CPU, torch.CPU];

    [Fact]
    public void Every_preset_reads_and_resolves()
    {
        Assert.NotEmpty(PresetFolder.Names);
        foreach (var preset in PresetFolder.Names)
        {
            var recipe = RecipeReader.Read(preset, new Dictionary<string, object?>(), []);
            using var images = DatasetCatalog.Open(new() { Name = "synthetic" });
            var spec = SpecResolver.Resolve(recipe, images, TwoLanes);
            Assert.Equal(recipe.Temperature, spec.Contrast.Temperature);
            Assert.Equal(recipe.Batch, spec.LeaseSize * spec.Topology.Encoders);
        }
    }

    [Fact]
    public void Every_method_has_a_preset_that_runs_on_a_small_machine()
    {
        var registry = new MethodRegistry();
        new BuiltInMethods().Register(registry);
        foreach (var method in registry.Names)
        {
            var preset = ZooExperiment.PresetOf(method);
            Assert.True(preset is not null, $"Method {method} has no preset for Fashion-MNIST or made images.");
            Assert.Equal(method, RecipeReader.Read(preset, new Dictionary<string, object?>(), []).Method);
        }
    }

    [Fact]
    public void Presets_of_cpc_v2_have_no_batch_norm()
    {
        var recipes = PresetFolder.Names.Select(preset => RecipeReader.Read(preset, new Dictionary<string, object?>(), [])).Where(recipe => recipe.Method == "cpc-v2").ToList();
        Assert.NotEmpty(recipes);
        Assert.All(recipes, recipe => Assert.EndsWith("-ln", recipe.Encoder, StringComparison.Ordinal));
    }

    [Fact]
    public void Views_differ_as_the_preset_says()
    {
        var pirl = Views("pirl-imagenet");
        Assert.Equal([0.08, 0.6], pirl.Select(view => view.ScaleMin));
        Assert.All(pirl, view => Assert.Equal((0.2, 0.0, 1.0), (view.Jitter.Hue, view.BlurProbability, view.Jitter.Probability)));

        var dino = Views("dino-imagenet");
        Assert.Equal([(0.4, 1.0, 0.0), (0.4, 0.1, 0.2)], dino[..2].Select(view => (view.ScaleMin, view.BlurProbability, view.SolarizeProbability)));
        Assert.Equal(8, dino[2..].Length);
        Assert.All(dino[2..], view => Assert.Equal((96, 0.05, 0.4, 0.5, 0.0), (view.Size, view.ScaleMin, view.ScaleMax, view.BlurProbability, view.SolarizeProbability)));

        // Small crops without a recipe of their own have the second view's.
        var swav = Views("swav-imagenet");
        Assert.All(swav[2..], view => Assert.Equal(swav[1] with { Size = 96, ScaleMin = 0.05, ScaleMax = 0.14, PlainShorterSide = 0 }, view));

        static AugmentationRecipe[] Views(string preset)
        {
            using var images = DatasetCatalog.Open(new() { Name = "synthetic" });
            var recipe = RecipeReader.Read(preset, new Dictionary<string, object?>(), []) with { ImageSize = 224 };
            return [.. SpecResolver.Resolve(recipe, images, TwoLanes).Augmentations.Select(json => JsonSerializer.Deserialize<AugmentationRecipe>(json)!)];
        }
    }

    [Fact]
    public void The_command_line_goes_before_the_preset_and_the_preset_before_the_default()
    {
        var recipe = RecipeReader.Read("fashion-mnist", new Dictionary<string, object?> { ["batch"] = 64 }, ["key-momentum=0.5", "stepEpochs=3,5"]);

        Assert.Equal((64, 0.5, "resnet8-w16", 0.9), (recipe.Batch, recipe.KeyMomentum, recipe.Encoder, recipe.Momentum));
        Assert.Equal([3, 5], recipe.StepEpochs);
    }

    [Fact]
    public void Encoders_share_the_batch_in_every_mode()
    {
        using var images = DatasetCatalog.Open(new() { Name = "synthetic" });
        var recipe = new TrainingRecipe { Dataset = "synthetic", Batch = 64, Encoders = 4 };

        var lockstep = SpecResolver.Resolve(recipe, images, TwoLanes);
        var unbounded = SpecResolver.Resolve(recipe with { Consistency = "unbounded" }, images, TwoLanes);

        Assert.Equal((16, 4), (lockstep.LeaseSize, lockstep.Consistency.Slots));
        Assert.Equal((16, ConsistencyMode.Unbounded), (unbounded.LeaseSize, unbounded.Consistency.Mode));
    }
}
