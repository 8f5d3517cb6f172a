using System.CommandLine;
using System.Globalization;
using OrleansContrastive.Cli.Display;
using OrleansContrastive.Cli.Exports;
using OrleansContrastive.Cli.Recipes;
using OrleansContrastive.Contracts.Runs;
using OrleansContrastive.Hosting.Clients;
using TorchSharp;

namespace OrleansContrastive.Cli.Commands.Runs;

/// <summary><c>contrastive run start</c>: hands a run to a cluster, and leaves it to it.</summary>
internal static class StartRunCommand
{
    private static readonly Option<string?> Name = new("--run") { Description = "Id of the run; METHOD-DATASET-TIME by default." };
    private static readonly Option<string?> Resume = new("--resume") { Description = "Go on with a run that was stopped, from its last checkpoint." };
    private static readonly Option<bool> Watch = new("--watch") { Description = "Follow it; Ctrl-C leaves it running." };

    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var command = new Command("start", "Starts a run on a cluster, with the recipe options of 'train'.") { Name, Resume, Watch };
        var recipe = RecipeOptions.AddTo(command);
        var choice = ClusterChoice.AddTo(command);
        command.SetAction((parsed, cancellation) => StartAsync(parsed, recipe, choice, cancellation));
        return command;
    }

    private static async Task<int> StartAsync(ParseResult parsed, RecipeOptions options, ClusterChoice choice, CancellationToken cancellation)
    {
        var resumed = parsed.GetValue(Resume);
        var (run, spec, recipe) = resumed is null ? Plan(parsed, options) : (resumed, null, null);
        await using var cluster = await choice.ConnectAsync(parsed, cancellation);
        if (resumed is not null) await ClusterChoice.ExistingAsync(cluster, resumed, cancellation);
        else if ((await cluster.Runs.ListAsync(cancellation)).Contains(run))
            throw new UsageException($"There is a run '{run}' already. Go on with it by --resume {run}, or give another --run.");

        if (spec is not null) spec = await WeightsFile.ApplyAsync(spec, recipe!, choice.Store(parsed), Console.Error.WriteLine, cancellation);
        var status = await StartAsync(cluster, run, spec, cancellation);
        if (parsed.GetValue(Watch)) return await WatchRunCommand.FollowAsync(cluster, status, choice.Json(parsed), choice.Hint(parsed), cancellation);
        if (choice.Json(parsed)) Console.WriteLine(StatusJson.Line(status));
        else
        {
            foreach (var line in ProgressText.Begin(status)) Console.WriteLine(line);
            Console.WriteLine($"Run {run} is with the cluster. Follow it by: contrastive run watch {run} {choice.Hint(parsed)}");
        }

        return ExitCodes.Done;
    }

    /// <summary>Starts a run, and enters it where the silos look.</summary>
    /// <exception cref="UsageException">The run refuses the spec.</exception>
    internal static async Task<RunStatus> StartAsync(ClusterClient cluster, string run, RunSpec? spec, CancellationToken cancellation)
    {
        try
        {
            // Started before it is entered: silos that looked in between would ask a run that has no spec.
            var status = await cluster.AskAsync(run, grain => grain.StartAsync(spec, hold: false), ClusterChoice.Patience, cancellation);
            await cluster.Runs.AddAsync(run, cancellation);
            return status;
        }
        catch (ArgumentException exception)
        {
            throw new UsageException(exception);
        }
    }

    private static (string Run, RunSpec? Spec, TrainingRecipe? Recipe) Plan(ParseResult parsed, RecipeOptions options)
    {
        var recipe = options.Read(parsed);
        // One encoder unless the recipe says otherwise: what the cluster offers is not known here, and can be scaled to.
        if (recipe.Encoders == 0) recipe = recipe with { Encoders = 1 };
        using var dataset = RecipeOptions.OpenDataset(recipe);
        var name = parsed.GetValue(Name) ?? string.Create(CultureInfo.InvariantCulture, $"{recipe.Method}-{recipe.Dataset}-{DateTimeOffset.Now:yyyyMMdd-HHmmss}");
        return (name, SpecResolver.Resolve(recipe, dataset, [torch.CPU]), recipe);
    }
}
