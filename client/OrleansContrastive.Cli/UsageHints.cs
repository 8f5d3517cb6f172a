using System.CommandLine;
using OrleansContrastive.Data;

namespace OrleansContrastive.Cli;

/// <summary>Makes the parser's errors helpful: what was meant, and what there is.</summary>
internal static class UsageHints
{
    /// <summary>The error, with the nearest name where a word was not recognised.</summary>
    public static string Explain(string error, ParseResult parsed)
    {
        var unknown = parsed.UnmatchedTokens.FirstOrDefault(token => error.Contains($"'{token}'", StringComparison.Ordinal));
        if (unknown is null) return error;
        var command = parsed.CommandResult.Command;
        IReadOnlyCollection<string> known = unknown.StartsWith('-')
            ? [.. command.Options.Select(option => option.Name)]
            : [.. command.Subcommands.Select(subcommand => subcommand.Name)];
        return NearestName.Explain(unknown.StartsWith('-') ? "option" : "command", unknown, known);
    }
}
