using System.CommandLine;

namespace OrleansContrastive.Cli.Commands;

/// <summary>Options of all commands that run something.</summary>
internal sealed class RunOptions
{
    private readonly Option<bool> _json = new("--json") { Description = "One JSON object as the only line on standard output; progress goes to standard error." };
    private readonly Option<int> _lanes = new("--lanes") { Description = "Encoders that compute side by side; one per core by default." };

    /// <summary>Folder of the run.</summary>
    public Option<string?> Out { get; } = new("--out") { Description = "Folder of the run; runs/METHOD-DATASET-TIME by default." };

    /// <summary>Adds the options to a command.</summary>
    public static RunOptions AddTo(Command command, bool withOut = true)
    {
        var options = new RunOptions();
        if (withOut) command.Options.Add(options.Out);
        command.Options.Add(options._lanes);
        command.Options.Add(options._json);
        return options;
    }

    /// <summary>Whether only JSON is wanted.</summary>
    public bool Json(ParseResult parsed) => parsed.GetValue(_json);

    /// <summary>Lanes wanted; 0 = one per core.</summary>
    public int Lanes(ParseResult parsed)
    {
        var lanes = parsed.GetValue(_lanes);
        return lanes >= 0 ? lanes : throw new UsageException($"--lanes is {lanes}; expected 1 or more, or 0 for one per core.");
    }
}
