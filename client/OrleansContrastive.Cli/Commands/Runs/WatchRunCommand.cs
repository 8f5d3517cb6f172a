using System.CommandLine;
using OrleansContrastive.Cli.Display;
using OrleansContrastive.Contracts.Runs;
using OrleansContrastive.Hosting.Clients;

namespace OrleansContrastive.Cli.Commands.Runs;

/// <summary><c>contrastive run watch</c>: follows a run to its end; Ctrl-C only looks away.</summary>
internal static class WatchRunCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var run = RunCommand.Run();
        var command = new Command("watch", "Follows a run. Ctrl-C leaves it running.") { run };
        var choice = ClusterChoice.AddTo(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            await using var cluster = await choice.ConnectAsync(parsed, cancellation);
            var name = await ClusterChoice.ExistingAsync(cluster, parsed.GetValue(run)!, cancellation);
            var status = await cluster.AskAsync(name, grain => grain.StatusAsync(), ClusterChoice.Patience, cancellation);
            return await FollowAsync(cluster, status, choice.Json(parsed), choice.Hint(parsed), cancellation);
        });
        return command;
    }

    /// <summary>Shows a run until it is over or the user looks away. Returns the exit code.</summary>
    internal static async Task<int> FollowAsync(ClusterClient cluster, RunStatus status, bool json, string hint, CancellationToken cancellation)
    {
        var display = RunDisplay.Create(json);
        foreach (var line in ProgressText.Begin(status)) display.Say(line);
        try
        {
            status = await display.FollowAsync(new ClusterFollower(cluster, status.Run), cancellation);
        }
        catch (OperationCanceledException)
        {
            display.Say($"Run {status.Run} goes on. Look again by: contrastive run watch {status.Run} {hint}");
            return ExitCodes.Done;
        }

        foreach (var line in ProgressText.Status(status)) display.Say(line);
        if (json) Console.WriteLine(StatusJson.Line(status));
        return status.Phase == RunPhase.Failed ? ExitCodes.Failed : ExitCodes.Done;
    }

    private sealed class ClusterFollower(ClusterClient cluster, string run) : IRunFollower
    {
        private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(500);

        public Contracts.Evaluation.KnnReport? Verdict => null;

        public async Task<RunStatus> NextAsync(CancellationToken cancellation)
        {
            await Task.Delay(Period, cancellation);
            return await cluster.AskAsync(run, grain => grain.StatusAsync(), TimeSpan.FromMinutes(2), cancellation);
        }
    }
}
