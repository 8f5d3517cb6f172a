using System.CommandLine;
using OrleansContrastive.Cli.Experiments;
using OrleansContrastive.Learning.Methods.Frame;

namespace OrleansContrastive.Cli.Commands;

/// <summary><c>contrastive experiment</c>: measures what a choice does, over several seeds.</summary>
internal static class ExperimentCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create() => new("experiment", "Measures what a choice does to speed and to accuracy.") { Asynchrony(), Negatives(), Zoo() };

    private static Command Asynchrony()
    {
        var command = new Command("asynchrony", "Lockstep, bounded and unbounded at equal samples: alone, beside a straggler, and over a slow network.");
        var recipe = RecipeOptions.AddTo(command);
        var samples = new Option<int>("--samples") { Description = "Images that each run learns from, once.", DefaultValueFactory = _ => 12_800 };
        var seeds = new Option<int>("--seeds") { Description = "Runs of each kind, with seeds 1, 2, ...", DefaultValueFactory = _ => 3 };
        var straggler = new Option<double>("--straggler") { Description = "How many times slower one encoder is.", DefaultValueFactory = _ => 4 };
        var latency = new Option<double>("--latency") { Description = "Milliseconds that every call between actors takes longer.", DefaultValueFactory = _ => 20 };
        var output = new Option<string>("--out") { Description = "Folder for the table, the figures and the plot.", DefaultValueFactory = _ => "experiments/asynchrony" };
        var force = Force();
        foreach (var option in new Option[] { force, samples, seeds, straggler, latency, output }) command.Options.Add(option);
        command.SetAction((parsed, cancellation) => AsynchronyExperiment.RunAsync(
            new()
            {
                Recipe = recipe.ReadForRuns(parsed),
                Samples = Positive("--samples", parsed.GetValue(samples)),
                Seeds = Positive("--seeds", parsed.GetValue(seeds)),
                Straggler = parsed.GetValue(straggler),
                Latency = TimeSpan.FromMilliseconds(parsed.GetValue(latency)),
                Folder = parsed.GetValue(output)!,
                Force = parsed.GetValue(force),
            },
            cancellation));
        return command;
    }

    private static Command Negatives()
    {
        var command = new Command("negatives", "One recipe with one choice of negatives after the other, at equal samples.");
        var recipe = RecipeOptions.AddTo(command);
        var strategies = new Option<string[]>("--strategies")
        {
            Description = "Values of sampling.",
            AllowMultipleArgumentsPerToken = true,
            DefaultValueFactory = _ => ["all", "uniform", "recent", "hardest", "debiased", "reweighted", "mixed", "synco"],
        };
        var samples = new Option<int>("--samples") { Description = "Images that each run learns from, once.", DefaultValueFactory = _ => 12_800 };
        var seeds = new Option<int>("--seeds") { Description = "Runs of each kind, with seeds 1, 2, ...", DefaultValueFactory = _ => 1 };
        var output = new Option<string>("--out") { Description = "Folder for the table and the figures.", DefaultValueFactory = _ => "experiments/negatives" };
        var force = Force();
        foreach (var option in new Option[] { force, strategies, samples, seeds, output }) command.Options.Add(option);
        command.SetAction((parsed, cancellation) => NegativesExperiment.RunAsync(
            new()
            {
                Recipe = recipe.ReadForRuns(parsed, preset: "fashion-mnist"),
                Strategies = Names(parsed.GetValue(strategies)!),
                Samples = Positive("--samples", parsed.GetValue(samples)),
                Seeds = Positive("--seeds", parsed.GetValue(seeds)),
                Folder = parsed.GetValue(output)!,
                Force = parsed.GetValue(force),
            },
            cancellation));
        return command;
    }

    private static Command Zoo()
    {
        var command = new Command("zoo", "Every method by its preset, judged by kNN and a linear classifier.");
        var methods = new Option<string[]>("--methods")
        {
            Description = "Names of 'contrastive methods'; all that have a preset here by default.",
            AllowMultipleArgumentsPerToken = true,
            DefaultValueFactory = _ => [.. MethodRegistry.Shared.Names.Where(name => ZooExperiment.PresetOf(name) is not null)],
        };
        var samples = new Option<int>("--samples") { Description = "Images that each run learns from in all: a method with a bank learns from a part of them, as often as its preset has epochs; 0 = what its preset says.", DefaultValueFactory = _ => 0 };
        var seeds = new Option<int>("--seeds") { Description = "Runs of each method, with seeds that follow one another.", DefaultValueFactory = _ => 1 };
        var firstSeed = new Option<int>("--first-seed") { Description = "The first of them.", DefaultValueFactory = _ => 1 };
        var train = new Option<int>("--judge-train") { Description = "Labelled images for kNN and linear evaluation, of those that a run learned from; 0 = all.", DefaultValueFactory = _ => 0 };
        var test = new Option<int>("--judge-test") { Description = "Test images; 0 = all.", DefaultValueFactory = _ => 0 };
        var settings = new Option<string[]>("--set") { Description = "key=value for every preset; repeatable.", AllowMultipleArgumentsPerToken = true, DefaultValueFactory = _ => [] };
        var json = new Option<bool>("--json") { Description = "Prints an array of objects." };
        var output = new Option<string>("--out") { Description = "Folder for the runs and the figures.", DefaultValueFactory = _ => "experiments/zoo" };
        var force = Force();
        foreach (var option in new Option[] { force, methods, samples, seeds, firstSeed, train, test, settings, json, output }) command.Options.Add(option);
        command.SetAction((parsed, cancellation) => ZooExperiment.RunAsync(
            new()
            {
                Methods = Names(parsed.GetValue(methods)!),
                Samples = NotNegative("--samples", parsed.GetValue(samples)),
                Seeds = Positive("--seeds", parsed.GetValue(seeds)),
                FirstSeed = NotNegative("--first-seed", parsed.GetValue(firstSeed)),
                JudgeTrain = NotNegative("--judge-train", parsed.GetValue(train)),
                JudgeTest = NotNegative("--judge-test", parsed.GetValue(test)),
                Settings = WithoutSeed(parsed.GetValue(settings)!),
                Json = parsed.GetValue(json),
                Folder = parsed.GetValue(output)!,
                Force = parsed.GetValue(force),
            },
            cancellation));
        return command;
    }

    private static Option<bool> Force() => new("--force") { Description = "Replaces the runs and results that are there." };

    private static string[] WithoutSeed(string[] settings) =>
        RecipeOptions.Sets(settings, "seed") ? throw new UsageException("The zoo has no --set seed: its runs have --seeds seeds from --first-seed on.") : settings;

    // With blanks or commas between them.
    private static string[] Names(string[] given) => [.. given.SelectMany(names => names.Split(',', StringSplitOptions.RemoveEmptyEntries))];

    private static int NotNegative(string option, int value) =>
        value >= 0 ? value : throw new UsageException($"{option} is {value}; expected 0 or more.");

    private static int Positive(string option, int value) =>
        value > 0 ? value : throw new UsageException($"{option} is {value}; expected 1 or more.");
}
