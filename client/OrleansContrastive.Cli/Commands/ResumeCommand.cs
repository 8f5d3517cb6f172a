using System.CommandLine;
using OrleansContrastive.Checkpoints.Stores;
using OrleansContrastive.Cli.Display;

namespace OrleansContrastive.Cli.Commands;

/// <summary><c>contrastive resume</c>: goes on with a run from its last checkpoint.</summary>
internal static class ResumeCommand
{
    private static readonly Argument<string> Folder = new("dir") { Description = "Folder of the run." };

    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var command = new Command("resume", "Goes on with a run from its last checkpoint.") { Folder };
        var common = RunOptions.AddTo(command, withOut: false);
        command.SetAction(async (parsed, cancellation) =>
        {
            var folder = RunFolder.Existing(parsed.GetValue(Folder)!);
            await using var session = await RunSession.StartAsync(new FolderStore(folder), folder, common.Worker(parsed), cancellation);
            return await session.TrainAsync(null, evaluateEpochs: 1, RunDisplay.Create(common.Json(parsed)), cancellation);
        });
        return command;
    }
}
