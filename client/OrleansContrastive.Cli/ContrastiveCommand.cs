using System.CommandLine;
using Orleans.Runtime;
using OrleansContrastive.Checkpoints;
using OrleansContrastive.Cli.Commands;
using OrleansContrastive.Cli.Commands.Models;
using OrleansContrastive.Cli.Commands.Runs;
using OrleansContrastive.Data.Datasets;
using OrleansContrastive.Hosting.Clients;
using OrleansContrastive.Hosting.Nodes;

namespace OrleansContrastive.Cli;

/// <summary>The program: its commands, and what becomes of their failures.</summary>
internal static class ContrastiveCommand
{
    private static readonly Option<string[]> Methods = new("--methods")
    {
        Description = $"An assembly with methods of your own; repeatable. {MethodLibraries.Variable} names such files too.",
        Recursive = true,
    };

    /// <summary>Makes the whole tree of commands.</summary>
    public static RootCommand Create()
    {
        var root = new RootCommand("Trains image encoders by contrastive self-supervision, on actors.\nExit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted (train and resume: a checkpoint was written).")
        {
            TrainCommand.Create(),
            ResumeCommand.Create(),
            EvalCommand.Create(),
            EmbedCommand.Create(),
            NeighborsCommand.Create(),
            PlotCommand.Create(),
            ExportCommand.Create(),
            CheckpointCommand.Create(),
            RunCommand.Create(),
            DashboardCommand.Create(),
            ClusterDemoCommand.Create(),
            ExperimentCommand.Create(),
            MethodsCommand.Create(),
            RecipesCommand.Create(),
            DatasetsCommand.Create(),
            DoctorCommand.Create(),
        };
        root.Options.Add(Methods);
        return root;
    }

    /// <summary>Parses and runs a command line. Returns the exit code (<see cref="ExitCodes"/>).</summary>
    public static async Task<int> RunAsync(string[] args)
    {
        var parsed = Create().Parse(args);
        if (parsed.Errors.Count > 0)
        {
            await Console.Error.WriteLineAsync(UsageHints.Explain(parsed));
            return ExitCodes.Usage;
        }

        try
        {
            LoadMethods(parsed.GetValue(Methods) ?? []);
            return await parsed.InvokeAsync(new InvocationConfiguration
            {
                EnableDefaultExceptionHandler = false,
                // Ctrl-C asks for a checkpoint; that takes as long as the step in hand and the writing.
                ProcessTerminationTimeout = TimeSpan.FromMinutes(2),
            });
        }
        catch (UsageException exception)
        {
            await Console.Error.WriteLineAsync(exception.Message);
            return ExitCodes.Usage;
        }
        catch (OperationCanceledException)
        {
            await Console.Error.WriteLineAsync("Interrupted.");
            return ExitCodes.Interrupted;
        }
        catch (Exception exception) when (exception is DatasetException or CheckpointException or ClusterUnavailableException or OrleansException or TimeoutException or IOException or UnauthorizedAccessException or InvalidOperationException)
        {
            await Console.Error.WriteLineAsync(exception.Message);
            return ExitCodes.Failed;
        }
    }

    private static void LoadMethods(string[] files)
    {
        try
        {
            MethodLibraries.Load(string.Join(Path.PathSeparator, files));
        }
        catch (ArgumentException exception)
        {
            throw new UsageException(exception);
        }

        // Silos that this process starts need them as well.
        if (files.Length == 0) return;
        var all = files.Select(Path.GetFullPath).Append(Environment.GetEnvironmentVariable(MethodLibraries.Variable)).Where(text => !string.IsNullOrEmpty(text));
        Environment.SetEnvironmentVariable(MethodLibraries.Variable, string.Join(Path.PathSeparator, all));
    }
}
