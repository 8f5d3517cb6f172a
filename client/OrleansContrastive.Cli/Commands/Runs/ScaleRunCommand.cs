using System.CommandLine;
using OrleansContrastive.Cli.Display;
using OrleansContrastive.Contracts.Runs;

namespace OrleansContrastive.Cli.Commands.Runs;

/// <summary><c>contrastive run scale</c>: more or fewer workers while the run goes on.</summary>
internal static class ScaleRunCommand
{
    private static readonly Option<int?> EncodersOption = new("--encoders") { Description = "Encoders from now on." };
    private static readonly Option<int?> KeyEncodersOption = new("--key-encoders") { Description = "Momentum encoders from now on." };
    private static readonly Option<int?> AugmentationsOption = new("--augmenters") { Description = "Augmentation workers from now on." };

    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var run = RunCommand.Run();
        var command = new Command("scale", "Changes the number of a run's workers.") { run, EncodersOption, KeyEncodersOption, AugmentationsOption };
        var choice = ClusterChoice.AddTo(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            var request = new ScaleRequest(Number(parsed, EncodersOption), Number(parsed, KeyEncodersOption), Number(parsed, AugmentationsOption));
            if (request == new ScaleRequest()) throw new UsageException("Nothing to change: give --encoders, --key-encoders or --augmenters.");
            await using var cluster = await choice.ConnectAsync(parsed, cancellation);
            var name = await ClusterChoice.ExistingAsync(cluster, parsed.GetValue(run)!, cancellation);
            RunStatus status;
            try
            {
                status = await cluster.AskAsync(name, grain => grain.ScaleAsync(request), ClusterChoice.Patience, cancellation);
            }
            catch (ArgumentException exception)
            {
                throw new UsageException(exception);
            }

            if (choice.Json(parsed)) Console.WriteLine(StatusJson.Line(status));
            else Console.WriteLine($"Run {name}: {Text(request)} from now on; several share a lane where lanes are fewer.");
            return ExitCodes.Done;
        });
        return command;
    }

    private static string Text(ScaleRequest request)
    {
        var changes = new[] { (request.Encoders, "encoders"), (request.KeyEncoders, "key encoders"), (request.Augmentations, "augmentation workers") };
        return string.Join(", ", changes.Where(change => change.Item1 is not null).Select(change => $"{change.Item1} {change.Item2}"));
    }

    private static int? Number(ParseResult parsed, Option<int?> option) => parsed.GetValue(option) is { } number && number < 1
        ? throw new UsageException($"{option.Name} is {number}; expected 1 or more.")
        : parsed.GetValue(option);
}
