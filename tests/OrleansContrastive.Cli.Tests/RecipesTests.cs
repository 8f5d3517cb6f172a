using OrleansContrastive.Cli.Recipes;
using OrleansContrastive.Tests.Shared;

namespace OrleansContrastive.Cli.Tests;

public sealed class RecipesTests
{
    [Fact]
    public void Every_key_says_what_it_means() =>
        Assert.All(RecipeKey.All, key => Assert.True(key.About.EndsWith('.'), $"{key.Name} says '{key.About}'; expected a sentence."));

    [Fact]
    public void A_recipe_that_was_written_out_is_the_same_when_it_is_read()
    {
        using var folder = new TemporaryFolder();
        var file = Path.Combine(folder.Path, "mine.json");
        foreach (var preset in PresetFolder.Names)
        {
            var written = RecipeReader.Write(RecipeReader.Read(preset, new Dictionary<string, object?>(), []));
            File.WriteAllText(file, written);
            Assert.Equal(written, RecipeReader.Write(RecipeReader.Read(file, new Dictionary<string, object?>(), [])));
        }
    }

    [Fact]
    public async Task Presets_and_keys_are_listed()
    {
        var list = await Contrastive.RunAsync("recipes", "list");
        Assert.Equal((0, ""), (list.ExitCode, list.Error));
        Assert.Equal(PresetFolder.Names, list.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[0]));
        Assert.All(list.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries), line => Assert.True(line.Split("  ", StringSplitOptions.RemoveEmptyEntries).Length > 1, line));

        var keys = await Contrastive.RunAsync("recipes", "keys");
        Assert.Equal(0, keys.ExitCode);
        Assert.Matches("\n  learningRate +0.06  Peak rate", keys.Output);
        Assert.Equal(RecipeKey.All.Count + 1, keys.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
    }

    [Fact]
    public async Task A_recipe_is_shown_with_what_the_method_the_preset_and_the_command_line_say()
    {
        using var folder = new TemporaryFolder();
        var shown = await Contrastive.RunAsync("recipes", "show", "--preset", "dino-imagenet", "--set", "batch=32", "--set", "localCrops=2");
        Assert.Equal((0, ""), (shown.ExitCode, shown.Error));
        var file = Path.Combine(folder.Path, "mine.json");
        await File.WriteAllTextAsync(file, shown.Output, TestContext.Current.CancellationToken);
        var recipe = RecipeReader.Read(file, new Dictionary<string, object?>(), []);
        Assert.Equal(("dino", 32, 3.0, "dino-mlp"), (recipe.Method, recipe.Batch, recipe.GradientClip, recipe.Head));
        Assert.Equal(2, recipe.Options!["localCrops"]!.GetValue<double>());
    }
}
