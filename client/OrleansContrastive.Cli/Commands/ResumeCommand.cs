using System.CommandLine;
using OrleansContrastive.Checkpoints.Manifests;
using OrleansContrastive.Checkpoints.Stores;
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
            var (store, display) = (new FolderStore(folder), RunDisplay.Create(common.Json(parsed)));
            if (parsed.GetValue(Version) is { } version) await RewindAsync(store, version, display, cancellation);
            await using var session = await RunSession.StartAsync(store, folder, common.Worker(parsed), cancellation);
            return await session.TrainAsync(null, evaluateEpochs: 1, display, cancellation);
        });
        return command;
    }

    private static async Task RewindAsync(ICheckpointStore store, long version, IRunDisplay display, CancellationToken cancellation)
    {
        var manifests = new ManifestStore(store, $"{RunSession.RunId}/checkpoints");
        var versions = await manifests.VersionsAsync(cancellation);
        if (!versions.Contains(version))
            throw new UsageException($"--version is {version}; the run has {(versions.Count == 0 ? "no checkpoint" : $"checkpoints of {string.Join(", ", versions)}")}.");
        // What is damaged shall not take the place of what is not.
        await manifests.VerifyAsync(await manifests.ReadAsync(version, cancellation), cancellation);
        var withdrawn = await manifests.RewindAsync(version, cancellation);
        if (withdrawn.Count > 0) display.Say($"Back to version {version}; withdrawn: {string.Join(", ", withdrawn)}.");
    }
}
