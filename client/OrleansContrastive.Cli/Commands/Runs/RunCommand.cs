using System.CommandLine;

namespace OrleansContrastive.Cli.Commands.Runs;

/// <summary><c>contrastive run</c>: the runs of a cluster.</summary>
internal static class RunCommand
{
    /// <summary>The run that a command is about.</summary>
    public static Argument<string> Run() => new("run") { Description = "Id of the run, as 'contrastive run list' shows it." };

    /// <summary>Makes the command.</summary>
    public static Command Create() => new("run", "The runs of a cluster.")
    {
        StartRunCommand.Create(),
        ListRunsCommand.Create(),
        RunStatusCommand.Create(),
        WatchRunCommand.Create(),
        ScaleRunCommand.Create(),
        StopRunCommand.Create(),
        CheckpointRunCommand.Create(),
        KnnRunCommand.Create(),
    };
}
