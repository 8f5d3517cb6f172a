using System.CommandLine;
using OrleansContrastive.Checkpoints.Stores;
using OrleansContrastive.Cli.Checkpoints;
using OrleansContrastive.Cli.Display;

namespace OrleansContrastive.Cli.Commands;

/// <summary><c>contrastive resume</c>: goes on with a run from its last checkpoint, or from an earlier one.</summary>
internal static class ResumeCommand
{
    private static readonly Argument<string> Folder = new("dir") { Description = "Folder of the run." };
    private static readonly Option<long?> Version = new("--version") { Description = "Go back to the checkpoint of this version; later ones are withdrawn." };

    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var command = new Command("resume", "Goes on with a run from its last checkpoint.") { Folder, Version };
        var common = RunOptions.AddTo(command, withOut: false);
        command.SetAction(async (parsed, cancellation) =>
        {
            var folder = RunFolder.Existing(parsed.GetValue(Folder)!);
            var display = RunDisplay.Create(common.Json(parsed));
            if (parsed.GetValue(Version) is { } version)
            {
                var place = await CheckpointPlace.FindAsync(folder, store: null, cancellation);
                var withdrawn = await place.RewindAsync(version, cancellation);
                if (withdrawn.Count > 0) display.Say($"Back to version {version}; withdrawn: {string.Join(", ", withdrawn)}.");
            }

            await using var session = await RunSession.StartAsync(new FolderStore(folder), folder, common.Worker(parsed), cancellation);
            return await session.TrainAsync(null, evaluateEpochs: 1, display, cancellation);
        });
        return command;
    }
}
