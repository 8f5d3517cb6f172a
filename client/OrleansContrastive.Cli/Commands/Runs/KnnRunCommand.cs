using System.CommandLine;
using System.Text.Json;
using OrleansContrastive.Cli.Commands.Eval;
using OrleansContrastive.Contracts.Evaluation;

namespace OrleansContrastive.Cli.Commands.Runs;

/// <summary><c>contrastive run knn</c>: kNN of a run as it stands, computed by its cluster.</summary>
internal static class KnnRunCommand
{
    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.CamelCase };

    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var run = RunCommand.Run();
        var (train, test) = (Images("--train", "Training images, the first ones."), Images("--test", "Test images, the first ones."));
        var sharded = new Option<bool>("--sharded") { Description = "Spread the training images' features over the silos of the run's encoders: for sets that one machine cannot hold." };
        var command = new Command("knn", "Weighted kNN of a run as it stands, computed where it is.") { run, train, test, sharded };
        var grid = KnnGrid.AddTo(command);
        var choice = ClusterChoice.AddTo(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            var settings = grid.Read(parsed);
            await using var cluster = await choice.ConnectAsync(parsed, cancellation);
            var name = await ClusterChoice.ExistingAsync(cluster, parsed.GetValue(run)!, cancellation);
            var view = await cluster.AskAsync(name, grain => grain.ViewAsync(), ClusterChoice.Patience, cancellation)
                ?? throw new UsageException($"Run '{name}' is with no silo; 'contrastive run start --resume {name}' brings it back, and 'contrastive eval knn' judges its checkpoint.");
            var request = new KnnRequest { View = view, Train = parsed.GetValue(train), Test = parsed.GetValue(test), Sharded = parsed.GetValue(sharded) };
            if (settings.Count > 0) request = request with { Settings = [.. settings.Select(setting => new KnnSetting(setting.Neighbours, setting.Temperature))] };
            var report = await cluster.Grains.GetGrain<IEvaluationGrain>(view.Evaluation).KnnAsync(request).WaitAsync(cancellation);
            if (choice.Json(parsed)) Console.WriteLine(JsonSerializer.Serialize(Shown(name, report), Json));
            else foreach (var line in Lines(name, report)) Console.WriteLine(line);
            return ExitCodes.Done;
        });
        return command;
    }

    private static Option<int> Images(string name, string what)
    {
        var option = new Option<int>(name) { Description = $"{what} 0 = all.", DefaultValueFactory = _ => 0 };
        option.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() < 0) result.AddError($"{name} is {result.GetValueOrDefault<int>()}; expected 0 or more.");
        });
        return option;
    }

    private static object Shown(string run, KnnReport report) => new
    {
        Run = run,
        report.Version,
        report.Train,
        report.Test,
        report.Galleries,
        report.Seconds,
        Results = report.Results.Select(result => new { result.Setting.K, result.Setting.Temperature, Top1 = Math.Round(result.Top1, 6), Top5 = Math.Round(result.Top5, 6) }),
    };

    private static IEnumerable<string> Lines(string run, KnnReport report)
    {
        var silos = report.Galleries == 1 ? "1 silo" : FormattableString.Invariant($"{report.Galleries} silos");
        yield return FormattableString.Invariant(
            $"Run {run}, version {report.Version}: {report.Test:N0} test images among {report.Train:N0} training images on {silos}, {report.Seconds:F1} s.");
        foreach (var result in report.Results)
            yield return FormattableString.Invariant($"  k = {result.Setting.K}, T = {result.Setting.Temperature}: top-1 {100 * result.Top1:F2} %, top-5 {100 * result.Top5:F2} %");
    }
}
