using System.CommandLine;
using System.CommandLine.Parsing;
using OrleansContrastive.Data;

namespace OrleansContrastive.Cli;

/// <summary>Makes the parser's errors helpful: what was meant, and what there is.</summary>
internal static class UsageHints
{
    /// <summary>The first error, with the nearest name where a word was not recognised.</summary>
    public static string Explain(ParseResult parsed)
    {
        // What follows an unknown word is not understood either; only the word itself helps.
        var command = parsed.CommandResult.Command;
        if (parsed.UnmatchedTokens is not [var unknown, ..])
        {
            return command.Subcommands.Count > 0 && command.Action is null
                ? $"'{command.Name}' needs one of its commands: {string.Join(", ", command.Subcommands.Select(subcommand => subcommand.Name))}."
                : Fault(parsed.Errors[0]);
        }

        if (unknown.StartsWith('-'))
        {
            var inherited = parsed.RootCommandResult.Command.Options.Where(option => option.Recursive);
            return NearestName.Explain("option", unknown, [.. command.Options.Concat(inherited).Select(option => option.Name).Distinct()]);
        }

        return command.Subcommands.Count > 0
            ? NearestName.Explain("command", unknown, [.. command.Subcommands.Select(subcommand => subcommand.Name)])
            : $"'{command.Name}' takes no argument '{unknown}'.";
    }

    /// <summary>The parser calls what it expects by the names of classes.</summary>
    private static string Fault(ParseError error) =>
        error.SymbolResult is OptionResult { Tokens: [var found], Option: var option } && Kind(option.ValueType) is { } expected
            ? $"{option.Name} is '{found.Value}'; expected {expected}."
            : error.Message;

    private static string? Kind(Type type) => Type.GetTypeCode(Nullable.GetUnderlyingType(type) ?? type) switch
    {
        TypeCode.Int32 or TypeCode.Int64 => "a whole number",
        TypeCode.UInt32 or TypeCode.UInt64 => "a whole number, 0 or more",
        TypeCode.Single or TypeCode.Double => "a number",
        TypeCode.Boolean => "true or false",
        _ => null,
    };
}
