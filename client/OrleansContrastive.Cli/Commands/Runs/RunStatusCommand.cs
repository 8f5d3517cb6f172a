using System.CommandLine;
using OrleansContrastive.Cli.Display;

namespace OrleansContrastive.Cli.Commands.Runs;

/// <summary><c>contrastive run status</c>: where one run stands.</summary>
internal static class RunStatusCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var run = RunCommand.Run();
        var command = new Command("status", "Where a run stands.") { run };
        var choice = ClusterChoice.AddTo(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            await using var cluster = await choice.ConnectAsync(parsed, cancellation);
            var name = await ClusterChoice.ExistingAsync(cluster, parsed.GetValue(run)!, cancellation);
            var status = await cluster.AskAsync(name, grain => grain.StatusAsync(), ClusterChoice.Patience, cancellation);
            if (choice.Json(parsed)) Console.WriteLine(StatusJson.Line(status));
            else foreach (var line in ProgressText.Status(status)) Console.WriteLine(line);
            return ExitCodes.Done;
        });
        return command;
    }
}
