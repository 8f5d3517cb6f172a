using System.CommandLine;
using OrleansContrastive.Cli.Display;

namespace OrleansContrastive.Cli.Commands.Runs;

/// <summary><c>contrastive run stop</c>: ends a run in order, with a checkpoint.</summary>
internal static class StopRunCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var run = RunCommand.Run();
        var command = new Command("stop", "Stops a run after a checkpoint, and waits for it.") { run };
        var choice = ClusterChoice.AddTo(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            await using var cluster = await choice.ConnectAsync(parsed, cancellation);
            var name = await ClusterChoice.ExistingAsync(cluster, parsed.GetValue(run)!, cancellation);
            var status = await CheckpointRunCommand.RequestAsync(cluster, name, thenStop: true, RunFollower.IsOver, cancellation);
            if (choice.Json(parsed)) Console.WriteLine(StatusJson.Line(status));
            else Console.WriteLine($"Run {name} is {status.Phase.ToString().ToLowerInvariant()} at version {status.Version}. Go on by: contrastive run start --resume {name} {choice.Hint(parsed)}");
            return ExitCodes.Done;
        });
        return command;
    }
}
