using System.Globalization;
using System.Text;
using System.Text.Json;
using OrleansContrastive.Checkpoints.Stores;
using OrleansContrastive.Cli.Commands;
using OrleansContrastive.Cli.Exports;
using OrleansContrastive.Cli.Recipes;
using TorchSharp;

namespace OrleansContrastive.Cli.Experiments;

/// <summary>What the experiment is about.</summary>
internal sealed record NegativesPlan
{
    /// <summary>The recipe; its choice of negatives is varied.</summary>
    public required TrainingRecipe Recipe { get; init; }

    /// <summary>The strategies.</summary>
    public required IReadOnlyList<string> Strategies { get; init; }

    /// <summary>Images that each run learns from, once.</summary>
    public required int Samples { get; init; }

    /// <summary>Runs of each kind.</summary>
    public required int Seeds { get; init; }

    /// <summary>Where the results go.</summary>
    public required string Folder { get; init; }

    /// <summary>Whether what is there may be replaced.</summary>
    public bool Force { get; init; }
}

/// <summary>One run's figures.</summary>
internal sealed record NegativesRun(string Strategy, ulong Seed, double KnnTop1, double Knn20Top1, double Loss, double Entropy, double ContrastiveAccuracy, double ImagesPerSecond);

/// <summary>Trains one recipe with one choice of negatives after the other, at equal samples.</summary>
internal static class NegativesExperiment
{
    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.CamelCase, WriteIndented = true };

    /// <summary>Runs it all. Returns the exit code.</summary>
    public static async Task<int> RunAsync(NegativesPlan plan, CancellationToken cancellation)
    {
        using var dataset = RecipeOptions.OpenDataset(plan.Recipe);
        if (plan.Samples > dataset.Count) throw new UsageException($"--samples is {plan.Samples}; expected at most {dataset.Count}, the images of {plan.Recipe.Dataset}.");
        if (plan.Samples < plan.Recipe.Batch) throw new UsageException($"--samples is {plan.Samples}; expected {plan.Recipe.Batch} or more, the images of a step.");
        foreach (var strategy in plan.Strategies) SpecResolver.Resolve(plan.Recipe with { Sampling = strategy }, dataset, [torch.CPU]);
        ExperimentFolder.Begin(plan.Folder, plan.Force);
        var runs = new List<NegativesRun>();
        for (var seed = 1UL; seed <= (ulong)plan.Seeds; seed++)
        {
            foreach (var strategy in plan.Strategies)
            {
                var recipe = plan.Recipe with { Sampling = strategy, Seed = seed, Epochs = 1, CheckpointEpochs = 0, EvaluateEpochs = 0 };
                var folder = Path.Combine(plan.Folder, "runs", string.Create(CultureInfo.InvariantCulture, $"{strategy}-{seed}"));
                if (Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
                var store = new FolderStore(folder);
                await using var session = await RunSession.StartAsync(store, folder, _ => { }, cancellation);
                var spec = await WeightsFile.ApplyAsync(SpecResolver.Resolve(recipe, dataset, session.Devices), recipe, store, Console.Error.WriteLine, cancellation);
                var status = await session.TrainAsync(spec with { Dataset = spec.Dataset with { Count = plan.Samples } }, cancellation);
                var (trained, _) = await session.CompareAsync(0, 0, untrained: false);
                runs.Add(new(
                    strategy, seed, trained.Results[0].Top1, trained.Results[1].Top1, status.Loss, status.Entropy, status.Accuracy, status.SamplesApplied / status.Seconds));
                await Console.Error.WriteLineAsync(Row(runs[^1].Strategy, [runs[^1]]).TrimEnd());
            }
        }

        var text = new StringBuilder("| negatives | kNN (k = 200) | kNN (k = 20) | loss | entropy | contrastive accuracy | images/s |\n|---|---|---|---|---|---|---|\n");
        foreach (var strategy in runs.GroupBy(run => run.Strategy)) text.Append(Row(strategy.Key, [.. strategy]));
        await File.WriteAllTextAsync(Path.Combine(plan.Folder, "negatives.json"), JsonSerializer.Serialize(runs, Json), CancellationToken.None);
        await File.WriteAllTextAsync(Path.Combine(plan.Folder, "negatives.md"), text.ToString(), CancellationToken.None);
        Console.WriteLine(text);
        return ExitCodes.Done;
    }

    private static string Row(string strategy, IReadOnlyList<NegativesRun> runs)
    {
        string Of(Func<NegativesRun, double> value, string format)
        {
            var (mean, spread) = AsynchronyTable.Over(runs.Select(value));
            return runs.Count > 1 ? $"{mean.ToString(format, CultureInfo.InvariantCulture)} ± {spread.ToString(format, CultureInfo.InvariantCulture)}" : mean.ToString(format, CultureInfo.InvariantCulture);
        }

        return $"| {strategy} | {Of(run => 100 * run.KnnTop1, "F1")} | {Of(run => 100 * run.Knn20Top1, "F1")} | {Of(run => run.Loss, "F3")} | {Of(run => run.Entropy, "F3")} | {Of(run => 100 * run.ContrastiveAccuracy, "F1")} | {Of(run => run.ImagesPerSecond, "F0")} |\n";
    }
}
