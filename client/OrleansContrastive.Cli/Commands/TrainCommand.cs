using System.CommandLine;
using System.Globalization;
using OrleansContrastive.Checkpoints.Stores;
using OrleansContrastive.Cli.Display;
using OrleansContrastive.Cli.Exports;
using OrleansContrastive.Cli.Recipes;
using OrleansContrastive.Data.Datasets;

namespace OrleansContrastive.Cli.Commands;

/// <summary><c>contrastive train</c>: a run on an embedded silo, judged at its end.</summary>
internal static class TrainCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var command = new Command("train", "Trains an encoder and judges it by kNN.");
        var recipe = RecipeOptions.AddTo(command);
        var common = RunOptions.AddTo(command);
        command.SetAction((parsed, cancellation) => TrainAsync(recipe.Read(parsed), parsed, common, cancellation));
        return command;
    }

    private static async Task<int> TrainAsync(TrainingRecipe recipe, ParseResult parsed, RunOptions common, CancellationToken cancellation)
    {
        var folder = parsed.GetValue(common.Out) ?? Path.Combine("runs", string.Create(CultureInfo.InvariantCulture, $"{recipe.Method}-{recipe.Dataset}-{DateTimeOffset.Now:yyyyMMdd-HHmmss}"));
        if (Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any())
            throw new UsageException($"'{folder}' is not empty. Go on with it by 'contrastive resume {folder}', or give another --out.");

        using var dataset = RecipeOptions.OpenDataset(recipe);
        var isNew = !Directory.Exists(folder);
        try
        {
            return await TrainAsync(recipe, dataset, folder, parsed, common, cancellation);
        }
        catch (UsageException)
        {
            // What the silo has written by now is nobody's.
            RunFolder.Clear(folder, isNew);
            throw;
        }
    }

    private static async Task<int> TrainAsync(
        TrainingRecipe recipe, IImageDataset dataset, string folder, ParseResult parsed, RunOptions common, CancellationToken cancellation)
    {
        var store = new FolderStore(folder);
        await using var session = await RunSession.StartAsync(store, folder, common.Worker(parsed), cancellation);
        var display = RunDisplay.Create(common.Json(parsed));
        var spec = await WeightsFile.ApplyAsync(SpecResolver.Resolve(recipe, dataset, session.Devices), recipe, store, display.Say, cancellation);
        return await session.TrainAsync(spec, recipe.EvaluateEpochs, display, cancellation);
    }
}
