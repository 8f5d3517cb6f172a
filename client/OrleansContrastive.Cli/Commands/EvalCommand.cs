using System.CommandLine;
using OrleansContrastive.Checkpoints.Stores;
using OrleansContrastive.Cli.Display;

namespace OrleansContrastive.Cli.Commands;

/// <summary><c>contrastive eval knn</c>: judges the last checkpoint of a run.</summary>
internal static class EvalCommand
{
    private static readonly Argument<string> Folder = new("dir") { Description = "Folder of the run." };

    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var knn = new Command("knn", "Weighted kNN of the test images among the training images.") { Folder };
        var common = RunOptions.AddTo(knn, withOut: false);
        knn.SetAction(async (parsed, cancellation) =>
        {
            var folder = RunFolder.Existing(parsed.GetValue(Folder)!);
            await using var session = await RunSession.StartAsync(new FolderStore(folder), folder, common.Worker(parsed), cancellation);
            return await session.EvaluateAsync(RunDisplay.Create(common.Json(parsed)), cancellation);
        });
        return new Command("eval", "Judges a run.") { knn };
    }
}
