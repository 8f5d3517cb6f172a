using System.CommandLine;
using OrleansContrastive.Cli.Experiments;

namespace OrleansContrastive.Cli.Commands;

/// <summary><c>contrastive experiment</c>: measures what a choice does, over several seeds.</summary>
internal static class ExperimentCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create() => new("experiment", "Measures what a choice does to speed and to accuracy.") { Asynchrony() };

    private static Command Asynchrony()
    {
        var command = new Command("asynchrony", "Lockstep, bounded and unbounded at equal samples: alone, beside a straggler, and over a slow network.");
        var recipe = RecipeOptions.AddTo(command);
        var samples = new Option<int>("--samples") { Description = "Images that each run learns from, once.", DefaultValueFactory = _ => 12_800 };
        var seeds = new Option<int>("--seeds") { Description = "Runs of each kind, with seeds 1, 2, ...", DefaultValueFactory = _ => 3 };
        var straggler = new Option<double>("--straggler") { Description = "How many times slower one encoder is.", DefaultValueFactory = _ => 4 };
        var latency = new Option<double>("--latency") { Description = "Milliseconds that every call between actors takes longer.", DefaultValueFactory = _ => 20 };
        var output = new Option<string>("--out") { Description = "Folder for the table, the figures and the plot.", DefaultValueFactory = _ => "experiments/asynchrony" };
        foreach (var option in new Option[] { samples, seeds, straggler, latency, output }) command.Options.Add(option);
        command.SetAction((parsed, cancellation) => AsynchronyExperiment.RunAsync(
            new()
            {
                Recipe = recipe.Read(parsed),
                Samples = Positive("--samples", parsed.GetValue(samples)),
                Seeds = Positive("--seeds", parsed.GetValue(seeds)),
                Straggler = parsed.GetValue(straggler),
                Latency = TimeSpan.FromMilliseconds(parsed.GetValue(latency)),
                Folder = parsed.GetValue(output)!,
            },
            cancellation));
        return command;
    }

    private static int Positive(string option, int value) =>
        value > 0 ? value : throw new UsageException($"{option} is {value}; expected 1 or more.");
}
