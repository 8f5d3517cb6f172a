using System.CommandLine;
using OrleansContrastive.Cli.Exports;

namespace OrleansContrastive.Cli.Commands.Models;

/// <summary><c>--out</c> and <c>--force</c> of commands that write a file.</summary>
internal sealed class OutputOptions
{
    private readonly Option<string?> _out;
    private readonly Option<bool> _force = new("--force") { Description = "Replaces what is there." };

    private OutputOptions(string description) => _out = new("--out") { Description = description };

    /// <summary>Adds them to a command.</summary>
    public static OutputOptions AddTo(Command command, string description)
    {
        var options = new OutputOptions(description);
        command.Options.Add(options._out);
        command.Options.Add(options._force);
        return options;
    }

    /// <summary>Whether existing files may be replaced.</summary>
    public bool Force(ParseResult parsed) => parsed.GetValue(_force);

    /// <summary>The name that was given, or the one by default.</summary>
    public string Path(ParseResult parsed, string byDefault) => parsed.GetValue(_out) ?? byDefault;

    /// <summary>The same, where the file may be written.</summary>
    /// <exception cref="UsageException">It is there already and <c>--force</c> was not given, or its folder is not there.</exception>
    public string File(ParseResult parsed, string byDefault)
    {
        var path = Path(parsed, byDefault);
        WholeFile.Check(path, Force(parsed));
        return path;
    }
}
