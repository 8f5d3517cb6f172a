using System.CommandLine;
using System.Text;
using OrleansContrastive.Cli.Display;
using OrleansContrastive.Cli.Exports;
using OrleansContrastive.Cli.Pictures;
using OrleansContrastive.Cli.Plots;
using OrleansContrastive.Learning.Evaluation.Maps;

namespace OrleansContrastive.Cli.Commands.Models;

/// <summary><c>contrastive plot</c>: a run's course and a map of its features, as SVG and PNG.</summary>
internal static class PlotCommand
{
    private const int MostPoints = 5000;
    private const double Sharpness = 2;

    private static readonly Option<double> Perplexity = new("--perplexity") { Description = "About how many neighbours an image has on the t-SNE map.", DefaultValueFactory = _ => 30 };
    private static readonly Option<ulong> Seed = new("--seed") { Description = "Seed of the t-SNE map.", DefaultValueFactory = _ => 1 };

    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var command = new Command("plot", "Draws loss, kNN and staleness over samples, and the features of images in the plane.") { Perplexity, Seed };
        var trained = TrainedRunOptions.AddTo(command);
        var weights = WeightsOption.AddTo(command);
        var images = ImagesOptions.AddTo(command, count: 2000);
        var output = OutputOptions.AddTo(command, "FILE.png or FILE.svg; without an ending both; plot.png and plot.svg by default.");
        command.SetAction(async (parsed, cancellation) =>
        {
            var (whose, force) = (weights.Read(parsed), output.Force(parsed));
            var named = output.Path(parsed, "plot");
            string[] paths = Path.GetExtension(named).ToLowerInvariant() switch
            {
                ".png" or ".svg" => [named],
                "" => [$"{named}.png", $"{named}.svg"],
                _ => throw new UsageException($"--out is '{named}'; expected a name that ends with .png or .svg, or a name without an ending for both."),
            };
            foreach (var path in paths) WholeFile.Check(path, force);
            var perplexity = parsed.GetValue(Perplexity);
            if (!(perplexity > 1)) throw new UsageException(FormattableString.Invariant($"--perplexity is {perplexity}; expected above 1."));

            await using var run = await trained.OpenAsync(parsed, cancellation);
            var chosen = images.Open(parsed, run);
            if (chosen.Count is < 3 or > MostPoints) throw new UsageException($"A map of {chosen.Count} images is asked for; expected 3 to {MostPoints}. Choose by --count.");
            var rows = (await run.FeaturesAsync(new(chosen.Dataset) { Count = chosen.Count }, whose, cancellation))[0];
            var axes = PrincipalAxes.Of(rows.Values, rows.Width);
            var plot = new RunPlot
            {
                Title = FormattableString.Invariant($"{run.Spec.Method}, {run.Spec.Model.Encoder} on {run.Spec.Dataset.Name}: {run.Manifest.SamplesApplied:N0} samples"),
                History = run.History,
                Verdicts = trained.Folder(parsed) is { } folder ? [.. VerdictFile.Read(folder).Where(verdict => verdict.Samples <= run.Manifest.SamplesApplied)] : [],
                Principal = axes.Places,
                Explained = axes.TotalVariance > 0 ? axes.Variances.Sum() / axes.TotalVariance : 1,
                Neighbours = NeighbourMap.Of(rows.Values, rows.Width, parsed.GetValue(Seed), perplexity, cancellationToken: cancellation),
                Labels = rows.Labels,
                ClassNames = chosen.Dataset.ClassNames,
                Images = FormattableString.Invariant($"{chosen.Count} images ({chosen.Name})"),
            };
            var files = new WrittenFiles(trained.Json(parsed));
            foreach (var path in paths)
                files.Add(path, await WholeFile.WriteAsync(path, force, stream => WriteAsync(stream, plot, path, cancellation)), FormattableString.Invariant($"{plot.History.Count} points of its course, {plot.Verdicts.Count} verdicts, {plot.Images}"));
            return files.Say();
        });
        return command;
    }

    private static async Task WriteAsync(Stream stream, RunPlot plot, string path, CancellationToken cancellation)
    {
        if (Path.GetExtension(path).Equals(".svg", StringComparison.OrdinalIgnoreCase))
        {
            var svg = new SvgCanvas(RunPlot.Width, RunPlot.Height);
            plot.Draw(svg);
            await stream.WriteAsync(Encoding.UTF8.GetBytes(svg.End()), cancellation);
        }
        else
        {
            var picture = new Picture((int)(RunPlot.Width * Sharpness), (int)(RunPlot.Height * Sharpness), Colour.White);
            plot.Draw(new RasterCanvas(picture, Sharpness));
            await PngFile.WriteAsync(stream, picture, cancellation);
        }
    }
}
