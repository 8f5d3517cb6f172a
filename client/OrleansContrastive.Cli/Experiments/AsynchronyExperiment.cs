using System.Globalization;
using System.Text.Json;
using OrleansContrastive.Checkpoints.Stores;
using OrleansContrastive.Cli.Commands;
using OrleansContrastive.Cli.Exports;
using OrleansContrastive.Cli.Recipes;
using OrleansContrastive.Data.Datasets;
using OrleansContrastive.Hosting.Workers;

namespace OrleansContrastive.Cli.Experiments;

/// <summary>What the experiment is about.</summary>
internal sealed record AsynchronyPlan
{
    /// <summary>The recipe; its consistency is varied.</summary>
    public required TrainingRecipe Recipe { get; init; }

    /// <summary>Images that each run learns from, once.</summary>
    public required int Samples { get; init; }

    /// <summary>Runs of each kind.</summary>
    public required int Seeds { get; init; }

    /// <summary>How many times slower one encoder is, under the straggler.</summary>
    public required double Straggler { get; init; }

    /// <summary>How much longer every call between actors takes, over the slow network.</summary>
    public required TimeSpan Latency { get; init; }

    /// <summary>Where the results go.</summary>
    public required string Folder { get; init; }

    /// <summary>Whether what is there may be replaced.</summary>
    public bool Force { get; init; }
}

/// <summary>One run's figures.</summary>
internal sealed record AsynchronyRun(string Setting, string Consistency, ulong Seed, double ImagesPerSecond, double Knn, double Staleness);

/// <summary>
/// Trains the same number of samples in every consistency mode under every handicap, and writes a table, the figures and a
/// plot. The modes of one seed run one after the other, so that the machine's moods fall on all of them.
/// </summary>
internal static class AsynchronyExperiment
{
    private const int JudgeTrain = 10_000;
    private const int JudgeTest = 10_000;
    private static readonly string[] Modes = ["lockstep", "bounded", "unbounded"];
    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.CamelCase };

    /// <summary>Runs it all. Returns the exit code.</summary>
    public static async Task<int> RunAsync(AsynchronyPlan plan, CancellationToken cancellation)
    {
        using var dataset = RecipeOptions.OpenDataset(plan.Recipe);
        if (plan.Samples > dataset.Count) throw new UsageException($"--samples is {plan.Samples}; expected at most {dataset.Count}, the images of {plan.Recipe.Dataset}.");
        if (plan.Samples < plan.Recipe.Batch) throw new UsageException($"--samples is {plan.Samples}; expected {plan.Recipe.Batch} or more, the images of a step.");
        ExperimentFolder.Begin(plan.Folder, plan.Force);
        (string Name, double Handicap, TimeSpan Latency)[] settings =
        [
            ("alone", 1, TimeSpan.Zero),
            (string.Create(CultureInfo.InvariantCulture, $"straggler {plan.Straggler}x"), plan.Straggler, TimeSpan.Zero),
            (string.Create(CultureInfo.InvariantCulture, $"latency {plan.Latency.TotalMilliseconds} ms"), 1, plan.Latency),
        ];
        var runs = new List<AsynchronyRun>();
        try
        {
            foreach (var (name, handicap, latency) in settings)
            {
                for (var seed = 1UL; seed <= (ulong)plan.Seeds; seed++)
                {
                    foreach (var mode in Modes)
                    {
                        var recipe = plan.Recipe with { Consistency = mode, Seed = seed, Epochs = 1, CheckpointEpochs = 0, EvaluateEpochs = 0 };
                        var run = await MeasureAsync(plan, dataset, recipe, name, options => (options.Handicap, options.CallLatency) = (handicap, latency), cancellation);
                        runs.Add(run);
                        await Console.Error.WriteLineAsync(string.Create(
                            CultureInfo.InvariantCulture,
                            $"{run.Setting}, {run.Consistency}, seed {run.Seed}: {run.ImagesPerSecond:F0} images/s, kNN {run.Knn:P2}, staleness {run.Staleness:F1}"));
                    }
                }
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested && runs.Count > 0)
        {
            await Console.Error.WriteLineAsync($"Interrupted; the {runs.Count} runs that were finished are in {plan.Folder}.");
        }

        var table = AsynchronyTable.Markdown(runs);
        await File.WriteAllTextAsync(Path.Combine(plan.Folder, "asynchrony.json"), JsonSerializer.Serialize(runs, Json), CancellationToken.None);
        await File.WriteAllTextAsync(Path.Combine(plan.Folder, "asynchrony.md"), table, CancellationToken.None);
        await File.WriteAllTextAsync(Path.Combine(plan.Folder, "asynchrony.svg"), AsynchronyPlot.Svg(runs), CancellationToken.None);
        Console.WriteLine(table);
        return cancellation.IsCancellationRequested ? ExitCodes.Interrupted : ExitCodes.Done;
    }

    private static async Task<AsynchronyRun> MeasureAsync(
        AsynchronyPlan plan, IImageDataset dataset, TrainingRecipe recipe, string setting, Action<WorkerOptions> handicap, CancellationToken cancellation)
    {
        var folder = Path.Combine(plan.Folder, "runs", string.Create(CultureInfo.InvariantCulture, $"{setting}-{recipe.Consistency}-{recipe.Seed}"));
        if (Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
        var store = new FolderStore(folder);
        await using var session = await RunSession.StartAsync(store, folder, handicap, cancellation);
        var spec = await WeightsFile.ApplyAsync(SpecResolver.Resolve(recipe, dataset, session.Devices), recipe, store, Console.Error.WriteLine, cancellation);
        var status = await session.TrainAsync(spec with { Dataset = spec.Dataset with { Count = plan.Samples } }, cancellation);
        return new(setting, recipe.Consistency, recipe.Seed, status.SamplesApplied / status.Seconds, await session.JudgeAsync(JudgeTrain, JudgeTest), status.Staleness);
    }
}
