using OrleansContrastive.Cli.Recipes;
using OrleansContrastive.Contracts.Runs;
using OrleansContrastive.Data.Datasets;
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
