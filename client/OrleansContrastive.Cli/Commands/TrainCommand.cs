using System.CommandLine;
using System.Globalization;
using OrleansContrastive.Checkpoints.Stores;
using OrleansContrastive.Cli.Display;
using OrleansContrastive.Cli.Recipes;
using OrleansContrastive.Data.Datasets;
using OrleansContrastive.Hosting;

namespace OrleansContrastive.Cli.Commands;

/// <summary><c>contrastive train</c>: a run on an embedded silo, judged at its end.</summary>
internal static class TrainCommand
{
    private static readonly Option<string?> Method = new("--method") { Description = "moco-v1 or moco-v2." };
    private static readonly Option<string?> Dataset = new("--dataset") { Description = "A name of 'contrastive datasets list'." };
    private static readonly Option<string?> Data = new("--data") { Description = "Folder of the data set; the cache by default." };
    private static readonly Option<string?> Encoder = new("--encoder") { Description = "Such as resnet8-w16, resnet18, resnet50." };
    private static readonly Option<int?> Epochs = new("--epochs") { Description = "Passes over the data set." };
    private static readonly Option<int?> Batch = new("--batch") { Description = "Samples of one step." };
    private static readonly Option<ulong?> Seed = new("--seed") { Description = "Seed of everything that is drawn." };
    private static readonly Option<string?> Preset = new("--preset") { Description = "A recipe in presets/, or a JSON file." };
    private static readonly Option<string[]> Set = new("--set") { Description = "key=value, for any key of a recipe; repeatable.", AllowMultipleArgumentsPerToken = true, DefaultValueFactory = _ => [] };

    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var command = new Command("train", "Trains an encoder and judges it by kNN.")
        {
            Method, Dataset, Data, Encoder, Epochs, Batch, Seed, Preset, Set,
        };
        var common = RunOptions.AddTo(command);
        command.SetAction((parsed, cancellation) => TrainAsync(parsed, common, cancellation));
        return command;
    }

    private static async Task<int> TrainAsync(ParseResult parsed, RunOptions common, CancellationToken cancellation)
    {
        var recipe = RecipeReader.Read(parsed.GetValue(Preset), new Dictionary<string, object?>
        {
            ["method"] = parsed.GetValue(Method),
            ["dataset"] = parsed.GetValue(Dataset),
            ["data"] = parsed.GetValue(Data),
            ["encoder"] = parsed.GetValue(Encoder),
            ["epochs"] = parsed.GetValue(Epochs),
            ["batch"] = parsed.GetValue(Batch),
            ["seed"] = parsed.GetValue(Seed),
        }, parsed.GetValue(Set)!);

        var folder = parsed.GetValue(common.Out) ?? Path.Combine("runs", string.Create(CultureInfo.InvariantCulture, $"{recipe.Method}-{recipe.Dataset}-{DateTimeOffset.Now:yyyyMMdd-HHmmss}"));
        if (Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any())
            throw new UsageException($"'{folder}' is not empty. Go on with it by 'contrastive resume {folder}', or give another --out.");

        using var dataset = OpenDataset(recipe);
        await using var session = await RunSession.StartAsync(new FolderStore(folder), folder, common.Worker(parsed), cancellation);
        var spec = SpecResolver.Resolve(recipe, dataset, session.Devices);
        return await session.TrainAsync(spec, recipe.EvaluateEpochs, RunDisplay.Create(common.Json(parsed)), cancellation);
    }

    private static IImageDataset OpenDataset(TrainingRecipe recipe)
    {
        try
        {
            return DatasetCatalog.Open(new() { Name = recipe.Dataset, Split = recipe.Split, DataPath = recipe.Data });
        }
        catch (ArgumentException exception)
        {
            throw new UsageException(exception.Message);
        }
    }
}
