using System.CommandLine;
using System.Globalization;
using OrleansContrastive.Checkpoints.Stores;
using OrleansContrastive.Cli.Clusters;
using OrleansContrastive.Cli.Recipes;
using OrleansContrastive.Data;

namespace OrleansContrastive.Cli.Commands;

/// <summary><c>contrastive cluster-demo</c>: a cluster of this machine's processes loses one, and shows that nothing else is lost.</summary>
internal static class ClusterDemoCommand
{
    private const string Emulator = "azurite";
    private static readonly Option<string> VictimOption = new("--victim") { Description = "Whose silo is killed: parameters, encoder, key, negatives, run or first.", DefaultValueFactory = _ => "parameters" };
    private static readonly Option<string?> StorageOption = new("--storage") { Description = "azurite: an emulator of Azure Storage is started for the demo; or the address of a store. A folder of the demo by default." };
    private static readonly Option<int?> SamplesOption = new("--samples") { Description = "Take only so many images of the training set." };
    private static readonly Option<string?> OutOption = new("--out") { Description = "Folder of store, logs and ledgers; runs/cluster-demo-TIME by default." };
    private static readonly Option<string?> SiloOption = new("--silo") { Description = "The contrastive-silo to start; the one that was built beside this program by default." };
    private static readonly Option<bool> NoSingleOption = new("--no-single") { Description = "Leave out the run in one process." };
    private static readonly Option<bool> JsonOption = new("--json") { Description = "One JSON object as the only line on standard output; the rest goes to standard error." };

    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var command = new Command("cluster-demo", "Four silos of this machine train a run; one is killed half-way.") { VictimOption, StorageOption, SamplesOption, OutOption, SiloOption, NoSingleOption, JsonOption };
        var recipe = RecipeOptions.AddTo(command);
        command.SetAction((parsed, cancellation) => PlayAsync(parsed, recipe, cancellation));
        return command;
    }

    private static async Task<int> PlayAsync(ParseResult parsed, RecipeOptions options, CancellationToken cancellation)
    {
        var victims = Enum.GetNames<Victim>().Select(name => name.ToLowerInvariant()).ToArray();
        if (!victims.Contains(parsed.GetValue(VictimOption))) throw new UsageException(NearestName.Explain("victim", parsed.GetValue(VictimOption)!, victims));
        // Two encoders, one on each of the silos that have the role; nobody waits for the slower.
        var recipe = Shorten(options.Read(parsed, preset: "fashion-mnist-async", epochs: 1), parsed.GetValue(SamplesOption));
        recipe = recipe with { Consistency = recipe.Consistency == "lockstep" ? "unbounded" : recipe.Consistency, Encoders = 2, KeyEncoders = 1 };
        var alone = Shorten(options.Read(parsed, preset: "fashion-mnist", epochs: 1), parsed.GetValue(SamplesOption)) with { Consistency = "lockstep", EvaluateEpochs = 0 };
        var folder = Path.GetFullPath(parsed.GetValue(OutOption) ?? Path.Combine("runs", string.Create(CultureInfo.InvariantCulture, $"cluster-demo-{DateTimeOffset.Now:yyyyMMdd-HHmmss}")));
        if (Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any()) throw new UsageException($"'{folder}' is not empty; give another --out.");
        var storage = parsed.GetValue(StorageOption) ?? Path.Combine(folder, "store");
        var emulated = storage.Equals(Emulator, StringComparison.OrdinalIgnoreCase);
        if (!emulated && !StoreAddress.TryParse(storage, out _, out var problem)) throw new UsageException($"--storage: {problem}");

        var words = parsed.GetValue(JsonOption) ? Console.Error : Console.Out;
        var demo = new ClusterDemo(new()
        {
            Silo = Silo(parsed.GetValue(SiloOption)),
            Storage = emulated ? null : storage,
            Folder = folder,
            Recipe = recipe,
            Alone = parsed.GetValue(NoSingleOption) ? null : alone,
            Victim = Enum.Parse<Victim>(parsed.GetValue(VictimOption)!, ignoreCase: true),
        }, words);
        var result = await demo.PlayAsync(cancellation);
        foreach (var line in result.Table()) await words.WriteLineAsync(line);
        Console.WriteLine(result.ToJson());
        if (result.IsExact) return ExitCodes.Done;
        await Console.Error.WriteLineAsync($"Updates were lost, or samples count twice or never; the encoders' ledgers, the store and all logs are in {folder}.");
        return ExitCodes.Failed;
    }

    /// <summary>Of a split, the first images.</summary>
    private static TrainingRecipe Shorten(TrainingRecipe recipe, int? samples) => samples switch
    {
        null => recipe,
        _ when recipe.Split.Contains('[', StringComparison.Ordinal) => throw new UsageException($"--samples and the split '{recipe.Split}' both say how many images there are; give one of them."),
        <= 0 => throw new UsageException($"--samples is {samples}; expected 1 or more."),
        _ => recipe with { Split = string.Create(CultureInfo.InvariantCulture, $"{recipe.Split}[:{samples}]") },
    };

    /// <summary>The program given, or the one of the same build.</summary>
    private static string Silo(string? given)
    {
        string[] places = given is not null
            ? [given]
            : [
                Path.Combine(AppContext.BaseDirectory, "contrastive-silo"),
                // bin/PROJECT/CONFIGURATION/ of the build.
                Path.Combine(AppContext.BaseDirectory, "..", "..", "OrleansContrastive.Silo", new DirectoryInfo(AppContext.BaseDirectory).Name, "contrastive-silo"),
            ];
        return places.FirstOrDefault(File.Exists)
            ?? throw new UsageException($"There is no contrastive-silo at {string.Join(" or ", places)}; build silo/OrleansContrastive.Silo, or give --silo PATH.");
    }
}
