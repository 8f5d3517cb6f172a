using System.CommandLine;
using System.Globalization;
using OrleansContrastive.Cli.Display;

namespace OrleansContrastive.Cli.Commands.Runs;

/// <summary><c>contrastive run list</c>: what a cluster has done and does.</summary>
internal static class ListRunsCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var command = new Command("list", "The runs of a cluster and where they stand.");
        var choice = ClusterChoice.AddTo(command);
        command.SetAction((parsed, cancellation) => ListAsync(parsed, choice, cancellation));
        return command;
    }

    private static async Task<int> ListAsync(ParseResult parsed, ClusterChoice choice, CancellationToken cancellation)
    {
        await using var cluster = await choice.ConnectAsync(parsed, cancellation);
        var runs = await cluster.Runs.ListAsync(cancellation);
        if (runs.Count == 0 && !choice.Json(parsed)) Console.WriteLine($"Cluster '{choice.Cluster(parsed)}' has no run yet. Start one by: contrastive run start {choice.Hint(parsed)}");
        foreach (var run in runs)
        {
            var status = await cluster.AskAsync(run, grain => grain.StatusAsync(), ClusterChoice.Patience, cancellation);
            if (choice.Json(parsed))
            {
                Console.WriteLine(StatusJson.Line(status));
                continue;
            }

            var since = await cluster.Runs.SinceAsync(run, cancellation);
            var share = status.Spec is { TotalLeases: > 0 } spec ? (double)status.LeasesDone / spec.TotalLeases : 0;
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{run,-40} {status.Phase.ToString().ToLowerInvariant(),-10} {share,6:P0} {status.ImagesPerSecond,8:N0} images/s   since {since:yyyy-MM-dd HH:mm} UTC{(status.Problem is null ? "" : $"   {status.Problem}")}"));
        }

        return ExitCodes.Done;
    }
}
