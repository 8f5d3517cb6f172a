using System.CommandLine;
using OrleansContrastive.Cli.Display;
using OrleansContrastive.Contracts.Runs;
using OrleansContrastive.Hosting.Clients;

namespace OrleansContrastive.Cli.Commands.Runs;

/// <summary><c>contrastive run checkpoint</c>: a checkpoint now.</summary>
internal static class CheckpointRunCommand
{
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(100);

    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var run = RunCommand.Run();
        var command = new Command("checkpoint", "Takes a checkpoint now, and waits for it.") { run };
        var choice = ClusterChoice.AddTo(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            await using var cluster = await choice.ConnectAsync(parsed, cancellation);
            var name = await ClusterChoice.ExistingAsync(cluster, parsed.GetValue(run)!, cancellation);
            var before = (await cluster.AskAsync(name, grain => grain.StatusAsync(), ClusterChoice.Patience, cancellation)).Checkpoint;
            var status = await RequestAsync(cluster, name, thenStop: false, now => RunFollower.IsOver(now) || (now.Checkpoint is not null && now.Checkpoint != before), cancellation);
            if (choice.Json(parsed)) Console.WriteLine(StatusJson.Line(status));
            else Console.WriteLine($"Run {name}: checkpoint {status.Checkpoint}.");
            return ExitCodes.Done;
        });
        return command;
    }

    /// <summary>Asks for a checkpoint and waits for what shall come of it.</summary>
    /// <exception cref="UsageException">The run is over.</exception>
    internal static async Task<RunStatus> RequestAsync(ClusterClient cluster, string run, bool thenStop, Func<RunStatus, bool> done, CancellationToken cancellation)
    {
        var status = await cluster.AskAsync(run, grain => grain.StatusAsync(), ClusterChoice.Patience, cancellation);
        if (RunFollower.IsOver(status) || status.Phase == RunPhase.Idle)
            throw new UsageException($"Run '{run}' is {status.Phase.ToString().ToLowerInvariant()}; its last checkpoint is {status.Checkpoint ?? "none"}.");
        var (asked, term) = (false, TimeSpan.FromSeconds(5));
        var since = TimeProvider.System.GetTimestamp();
        while (!done(status))
        {
            // A run grain that moved meanwhile has forgotten the request.
            if (!asked || TimeProvider.System.GetElapsedTime(since) > term)
            {
                await cluster.AskAsync(run, async grain => { await grain.RequestCheckpointAsync(thenStop); return true; }, ClusterChoice.Patience, cancellation);
                (asked, since) = (true, TimeProvider.System.GetTimestamp());
            }

            await Task.Delay(Period, cancellation);
            status = await cluster.AskAsync(run, grain => grain.StatusAsync(), ClusterChoice.Patience, cancellation);
        }

        return status;
    }
}
