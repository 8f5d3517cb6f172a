using System.CommandLine;
using OrleansContrastive.Cli.Recipes;
using OrleansContrastive.Data.Datasets;

namespace OrleansContrastive.Cli.Commands;

/// <summary>The options by which a command says what to learn.</summary>
internal sealed class RecipeOptions
{
    private readonly Option<string?> _method = new("--method") { Description = "A name of 'contrastive methods'." };
    private readonly Option<string?> _dataset = new("--dataset") { Description = "A name of 'contrastive datasets list'." };
    private readonly Option<string?> _data = new("--data") { Description = "Folder of the data set; the cache by default." };
    private readonly Option<string?> _encoder = new("--encoder") { Description = "Such as resnet8-w16, resnet18, resnet50." };
    private readonly Option<int?> _epochs = new("--epochs") { Description = "Passes over the data set." };
    private readonly Option<int?> _batch = new("--batch") { Description = "Samples of one step." };
    private readonly Option<ulong?> _seed = new("--seed") { Description = "Seed of everything that is drawn." };
    private readonly Option<string?> _preset = new("--preset") { Description = "A name of 'contrastive recipes list', or a JSON file." };
    private readonly Option<string?> _from = new("--from") { Description = "Weights that the encoder starts from: .safetensors or .pt with torchvision's names." };
    private readonly Option<string[]> _set = new("--set") { Description = "key=value, for any key of 'contrastive recipes keys'; repeatable.", AllowMultipleArgumentsPerToken = true, DefaultValueFactory = _ => [] };

    /// <summary>Adds the options to a command.</summary>
    public static RecipeOptions AddTo(Command command)
    {
        var options = new RecipeOptions();
        foreach (var option in new Option[] { options._method, options._dataset, options._data, options._encoder, options._epochs, options._batch, options._seed, options._preset, options._from, options._set })
            command.Options.Add(option);
        return options;
    }

    /// <summary>The recipe that a command line describes.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="preset">The preset where it names none.</param>
    /// <param name="epochs">The epochs where it says nothing.</param>
    /// <exception cref="UsageException">An unknown preset or key, or a value that cannot be read.</exception>
    public TrainingRecipe Read(ParseResult parsed, string? preset = null, int? epochs = null) => RecipeReader.Read(parsed.GetValue(_preset) ?? preset, new Dictionary<string, object?>
    {
        ["method"] = parsed.GetValue(_method),
        ["dataset"] = parsed.GetValue(_dataset),
        ["data"] = parsed.GetValue(_data),
        ["encoder"] = parsed.GetValue(_encoder),
        ["epochs"] = parsed.GetValue(_epochs) ?? epochs,
        ["batch"] = parsed.GetValue(_batch),
        ["seed"] = parsed.GetValue(_seed),
        ["initialWeights"] = parsed.GetValue(_from),
    }, parsed.GetValue(_set)!);

    /// <summary>The recipe of an experiment, which says itself how often and by which seeds it is trained.</summary>
    /// <exception cref="UsageException">As for <see cref="Read"/>, or the command line says epochs or a seed.</exception>
    public TrainingRecipe ReadForRuns(ParseResult parsed, string? preset = null)
    {
        var settings = parsed.GetValue(_set)!;
        if (parsed.GetValue(_epochs) is not null || Sets(settings, "epochs")) throw new UsageException("An experiment has no --epochs: every run learns from its --samples once.");
        if (parsed.GetValue(_seed) is not null || Sets(settings, "seed")) throw new UsageException("An experiment has no --seed: its runs have the seeds 1, 2, ... up to --seeds.");
        return Read(parsed, preset);
    }

    /// <summary>Whether one of the <c>key=value</c> arguments is about that key.</summary>
    public static bool Sets(IReadOnlyList<string> settings, string key) =>
        settings.Any(setting => setting.StartsWith($"{key}=", StringComparison.OrdinalIgnoreCase));

    /// <summary>Opens the images that a recipe names.</summary>
    /// <exception cref="UsageException">There are none of that name.</exception>
    public static IImageDataset OpenDataset(TrainingRecipe recipe)
    {
        SpecResolver.Check("frames", recipe.Frames, [.. Enum.GetNames<FrameSpacing>().Select(name => name.ToLowerInvariant())]);
        try
        {
            return DatasetCatalog.Open(new()
            {
                Name = recipe.Dataset,
                Split = recipe.Split,
                DataPath = recipe.Data,
                FrameSize = recipe.FrameSize,
                Frames = Enum.Parse<FrameSpacing>(recipe.Frames, ignoreCase: true),
            });
        }
        catch (ArgumentException exception)
        {
            throw new UsageException(exception);
        }
    }
}
