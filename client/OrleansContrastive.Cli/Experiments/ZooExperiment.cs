using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using OrleansContrastive.Checkpoints.Stores;
using OrleansContrastive.Cli.Commands;
using OrleansContrastive.Cli.Exports;
using OrleansContrastive.Cli.Recipes;
using OrleansContrastive.Contracts.Evaluation;
using OrleansContrastive.Contracts.Runs;
using OrleansContrastive.Data.Datasets;
using OrleansContrastive.Hosting.Evaluation;
using OrleansContrastive.Hosting.Workers;
using OrleansContrastive.Learning.Evaluation;
using OrleansContrastive.Learning.Evaluation.Linear;
using OrleansContrastive.Learning.Methods.Frame;
using TorchSharp;

namespace OrleansContrastive.Cli.Experiments;

/// <summary>What the experiment is about.</summary>
internal sealed record ZooPlan
{
    /// <summary>The methods, in the order in which they are trained.</summary>
    public required IReadOnlyList<string> Methods { get; init; }

    /// <summary>Images that every run learns from in all; 0 = what its preset says.</summary>
    public required int Samples { get; init; }

    /// <summary>Runs of each method.</summary>
    public required int Seeds { get; init; }

    /// <summary>Seed of the first of them; the others follow.</summary>
    public required int FirstSeed { get; init; }

    /// <summary>Labelled images for kNN and linear evaluation, of those that a run learned from; 0 = all.</summary>
    public required int JudgeTrain { get; init; }

    /// <summary>Test images; 0 = all.</summary>
    public required int JudgeTest { get; init; }

    /// <summary>Changes to every preset, as <c>key=value</c>.</summary>
    public required IReadOnlyList<string> Settings { get; init; }

    /// <summary>Whether the results are printed as JSON and not as a table.</summary>
    public required bool Json { get; init; }

    /// <summary>Where runs and results go.</summary>
    public required string Folder { get; init; }

    /// <summary>Whether what is there may be replaced.</summary>
    public bool Force { get; init; }
}

/// <summary>What one run of a method came to. Accuracies from 0 to 1.</summary>
internal sealed record ZooRun(
    string Method, ulong Seed, double KnnTop1, double Knn20Top1, double RandomInitTop1, double RandomInit20Top1, double LinearTop1,
    double Loss, double ChanceLevel, long Samples, double ImagesPerSecond, double Seconds);

/// <summary>Trains every method by its preset, judges it by kNN and a linear classifier, and compares with the encoder that it started from.</summary>
internal static class ZooExperiment
{
    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.CamelCase, WriteIndented = true };

    /// <summary>The preset by which a method is trained here; null where it has none.</summary>
    public static string? PresetOf(string method) =>
        new[] { $"{method}-fashion-mnist", $"{method}-synthetic" }.FirstOrDefault(PresetFolder.Names.Contains);

    /// <summary>Runs it all. Returns the exit code.</summary>
    public static async Task<int> RunAsync(ZooPlan plan, CancellationToken cancellation)
    {
        foreach (var method in plan.Methods)
        {
            SpecResolver.Check("method", method, [.. MethodRegistry.Shared.Names]);
            if (PresetOf(method) is null) throw new UsageException($"Method '{method}' has no preset for the zoo; expected {method}-fashion-mnist or {method}-synthetic.");
        }

        ExperimentFolder.Begin(plan.Folder, plan.Force);
        var runs = new List<ZooRun>();
        try
        {
            for (var seed = (ulong)plan.FirstSeed; seed < (ulong)plan.FirstSeed + (ulong)plan.Seeds; seed++)
            {
                foreach (var method in plan.Methods)
                {
                    var run = await MeasureAsync(plan, method, seed, cancellation);
                    runs.Add(run);
                    await Console.Error.WriteLineAsync(string.Create(
                        CultureInfo.InvariantCulture,
                        $"{method}, seed {seed}: kNN {run.KnnTop1:P1} and {run.Knn20Top1:P1} (untrained {run.RandomInitTop1:P1} and {run.RandomInit20Top1:P1}), linear {run.LinearTop1:P1}, loss {run.Loss:F3}, {run.ImagesPerSecond:F0} images/s, {run.Seconds:F0} s"));
                    await WriteAsync(plan, runs);
                }
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            await Console.Error.WriteLineAsync($"Interrupted; the {runs.Count} runs that were finished are in {plan.Folder}.");
        }

        Console.WriteLine(plan.Json ? JsonSerializer.Serialize(runs, Json) : ZooTable.Markdown(runs));
        return cancellation.IsCancellationRequested ? ExitCodes.Interrupted : ExitCodes.Done;
    }

    private static async Task WriteAsync(ZooPlan plan, IReadOnlyList<ZooRun> runs)
    {
        await File.WriteAllTextAsync(Path.Combine(plan.Folder, "zoo.json"), JsonSerializer.Serialize(runs, Json), CancellationToken.None);
        await File.WriteAllTextAsync(Path.Combine(plan.Folder, "zoo.md"), ZooTable.Markdown(runs), CancellationToken.None);
    }

    private static async Task<ZooRun> MeasureAsync(ZooPlan plan, string method, ulong seed, CancellationToken cancellation)
    {
        var clock = Stopwatch.StartNew();
        var given = new Dictionary<string, object?> { ["method"] = method, ["seed"] = seed, ["evaluateEpochs"] = 0, ["checkpointEpochs"] = 0 };
        var recipe = RecipeReader.Read(PresetOf(method), given, plan.Settings);
        using var dataset = RecipeOptions.OpenDataset(recipe);
        // Refuses before anything is written.
        if (plan.Samples > 0) Equal(SpecResolver.Resolve(recipe, dataset, [torch.CPU]), plan.Samples, dataset.Count);
        var folder = Path.Combine(plan.Folder, "runs", string.Create(CultureInfo.InvariantCulture, $"{method}-{seed}"));
        if (Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
        var store = new FolderStore(folder);

        await using var session = await RunSession.StartAsync(store, folder, _ => { }, cancellation);
        var spec = await WeightsFile.ApplyAsync(SpecResolver.Resolve(recipe, dataset, session.Devices), recipe, store, Console.Error.WriteLine, cancellation);
        if (plan.Samples > 0) spec = Equal(spec, plan.Samples, dataset.Count);

        var status = await session.TrainAsync(spec, cancellation);
        var (trained, untrained) = await session.CompareAsync(plan.JudgeTrain, plan.JudgeTest);
        return new(
            method, seed, Of(trained, 200), Of(trained, 20), Of(untrained, 200), Of(untrained, 20),
            Math.Round(await LinearAsync(plan, spec.Dataset.Count, store, cancellation), 4),
            Math.Round(status.Loss, 4), Math.Round(status.ChanceLevel, 4), status.SamplesApplied,
            status.Seconds > 0 ? Math.Round(status.SamplesApplied / status.Seconds, 1) : 0, Math.Round(clock.Elapsed.TotalSeconds, 1));
    }

    /// <summary>
    /// So many images in all, the same for every method: those of a bank, whose rows are visited once an epoch, in as many epochs as their preset has; the
    /// others once, or as often as the data set must be repeated.
    /// </summary>
    private static RunSpec Equal(RunSpec spec, int samples, int available)
    {
        var epochs = MethodPlans.Of(spec).Memory == MemoryKind.Bank ? spec.Epochs : (samples + available - 1) / available;
        var count = Math.Min(samples / epochs, available);
        return count >= spec.Batch
            ? spec with { Dataset = spec.Dataset with { Count = count }, Epochs = epochs }
            : throw new UsageException($"--samples is {samples}; expected {(long)spec.Batch * epochs} or more, for {spec.Method} a step in every epoch.");
    }

    /// <summary>Top-1 of the best linear classifier on frozen features.</summary>
    private static async Task<double> LinearAsync(ZooPlan plan, int learnedFrom, FolderStore store, CancellationToken cancellation)
    {
        await using var run = await TrainedRun.OpenAsync(store, RunSession.RunId, cancellationToken: cancellation);
        var train = await FeaturesAsync(run, run.Training, plan.JudgeTrain == 0 ? learnedFrom : Math.Min(plan.JudgeTrain, learnedFrom), cancellation);
        var test = await FeaturesAsync(run, run.Test, plan.JudgeTest, cancellation);
        var lane = run.Lanes[0];
        // Few rates and epochs: this compares methods with one another.
        var options = new LinearOptions { Epochs = 20, LearningRates = [0.01, 0.1] };
        var result = await lane.RunAsync(() => LinearEvaluation.Run(train, test, options, lane.Device), cancellation);
        return result.Test.Top1;
    }

    private static async Task<FeatureRows> FeaturesAsync(TrainedRun run, IImageDataset dataset, int count, CancellationToken cancellation) =>
        (await run.FeaturesAsync(new(dataset) { Count = count, Kinds = [FeatureKind.Encoder], Unit = false }, cancellationToken: cancellation))[0];

    private static double Of(KnnReport report, int k) => Math.Round(report.Results.First(result => result.Setting.K == k).Top1, 4);
}
