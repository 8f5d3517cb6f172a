using System.CommandLine;
using System.Globalization;
using OrleansContrastive.Cli.Exports;
using OrleansContrastive.Cli.Pictures;
using OrleansContrastive.Contracts.Runs;
using OrleansContrastive.Data.Augmentation;
using OrleansContrastive.Data.Datasets;
using OrleansContrastive.Hosting.Evaluation;
using OrleansContrastive.Learning.Evaluation;
using TorchSharp;

namespace OrleansContrastive.Cli.Commands.Models;

/// <summary><c>contrastive neighbors</c>: what an encoder finds alike, as a contact sheet.</summary>
internal static class NeighborsCommand
{
    private const int MostQueries = 64;

    private static readonly Argument<string[]> Images = new("image") { Description = "Image files, or numbers of images of --split; several make several rows.", Arity = ArgumentArity.OneOrMore };
    private static readonly Option<int> Neighbours = new("--k") { Description = "Neighbours of each, 1 to 32.", DefaultValueFactory = _ => 8 };
    private static readonly Option<string> Split = new("--split") { Description = "Which part numbers belong to: test or train.", DefaultValueFactory = _ => "test" };

    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var command = new Command("neighbors", "Draws the training images whose features are nearest to those of an image.");
        var trained = TrainedRunOptions.AddTo(command);
        command.Arguments.Add(Images);
        command.Options.Add(Neighbours);
        command.Options.Add(Split);
        var weights = WeightsOption.AddTo(command);
        var output = OutputOptions.AddTo(command, "The sheet, a PNG; neighbors.png by default.");
        command.SetAction(async (parsed, cancellation) =>
        {
            var (k, whose, named) = (parsed.GetValue(Neighbours), weights.Read(parsed), parsed.GetValue(Images)!);
            if (k is < 1 or > 32) throw new UsageException($"--k is {k}; expected 1 to 32.");
            if (named.Length > MostQueries) throw new UsageException($"{named.Length} images are asked for; expected at most {MostQueries}.");
            var path = output.File(parsed, "neighbors.png");
            if (!Path.GetExtension(path).Equals(".png", StringComparison.OrdinalIgnoreCase)) throw new UsageException($"--out is '{path}'; expected a name that ends with .png.");
            await using var run = await trained.OpenAsync(parsed, cancellation);
            var queries = Queries(run, named, parsed.GetValue(Split)!);
            var views = queries.Select(query => new ImageViews(query.Dataset, run.Recipe).Plain([query.Index])).ToList();
            var vectors = await run.Lanes[0].RunAsync(() => Encode(run, whose, views), cancellation);
            var nearest = new NearestImages(vectors, k, row => queries.Select(query => query.InTraining && query.Index == row).ToArray());
            await run.FeaturesAsync(new(run.Training) { Count = run.Spec.Dataset.Count }, (first, rows) => nearest.Offer(first, rows[0]), whose, cancellation);

            var sheet = ContactSheet.Draw(
                [.. queries.Select((query, i) => (IReadOnlyList<SheetImage>)[query.Image(), .. nearest.Best(i).Select(found => Found(run, query, found))])],
                FormattableString.Invariant($"{run.Spec.Method}, {run.Spec.Model.Encoder}, {run.Manifest.SamplesApplied} samples: nearest of {run.Spec.Dataset.Count} {run.Spec.Dataset.Name} images"));
            var bytes = await WholeFile.WriteAsync(path, output.Force(parsed), stream => PngFile.WriteAsync(stream, sheet, cancellation));
            var files = new WrittenFiles(trained.Json(parsed));
            files.Add(path, bytes, string.Join("; ", queries.Select((query, i) => $"{query.Name}: {string.Join(", ", nearest.Best(i).Select(found => FormattableString.Invariant($"{found.Row} ({found.Similarity:0.000})")))}")));
            return files.Say();
        });
        return command;
    }

    private static List<Query> Queries(TrainedRun run, IReadOnlyList<string> named, string split)
    {
        var training = split == "train";
        if (!training && split != "test") throw new UsageException($"--split is '{split}'; expected test or train.");
        return [.. named.Select(name =>
        {
            if (!int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var index))
                return File.Exists(name) ? new Query(name, new ImageFiles([name], run.Spec.Dataset.Channels), 0, InTraining: false) : throw new UsageException($"'{name}' is neither a file nor the number of an image.");
            var dataset = training ? run.Training : run.Test;
            if (index >= dataset.Count) throw new UsageException($"There is no image {index} in {split}; expected 0 to {dataset.Count - 1}.");
            return new Query($"{split} {name}", dataset, index, training);
        })];
    }

    private static List<float[]> Encode(TrainedRun run, NetworkWeights whose, List<byte[]> views)
    {
        using var scope = torch.NewDisposeScope();
        using var model = run.CreateModel(run.Lanes[0].Device, whose);
        return [.. views.Select(view => FeatureExtractor.Extract(model, run.ToViews(view, 1, run.Lanes[0].Device), [FeatureKind.Encoder])[0])];
    }

    private static SheetImage Found(TrainedRun run, Query query, (int Row, float Similarity) found)
    {
        var (own, theirs) = (query.Dataset.Label(query.Index), run.Training.Label(found.Row));
        return new(run.Training, found.Row, ContactSheet.Similarity(found.Similarity), ClassOf(run.Training, found.Row), own < 0 || theirs < 0 ? null : own == theirs);
    }

    private static string ClassOf(IImageDataset dataset, int index) => dataset.Label(index) is var label and >= 0 && label < dataset.ClassNames.Count ? dataset.ClassNames[label] : "";

    private sealed record Query(string Name, IImageDataset Dataset, int Index, bool InTraining)
    {
        public SheetImage Image() => new(Dataset, Index, Path.GetFileName(Name), ClassOf(Dataset, Index), null);
    }
}
