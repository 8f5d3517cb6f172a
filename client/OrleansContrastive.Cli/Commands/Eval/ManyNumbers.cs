using System.CommandLine;
using System.Globalization;

namespace OrleansContrastive.Cli.Commands.Eval;

/// <summary>An option of several numbers: <c>--k 1,20,200</c> or <c>--k 1 --k 20 --k 200</c>.</summary>
internal static class ManyNumbers
{
    /// <summary>Makes the option.</summary>
    public static Option<string[]> Option(string name, string description) =>
        new(name) { Description = description, DefaultValueFactory = _ => [] };

    /// <summary>The numbers, or others where none were given.</summary>
    /// <exception cref="UsageException">One is none, or is not above 0.</exception>
    public static IReadOnlyList<double> Read(ParseResult parsed, Option<string[]> option, IReadOnlyList<double> otherwise)
    {
        string[] words = [.. parsed.GetValue(option)!.SelectMany(word => word.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))];
        return words.Length == 0 ? otherwise : Array.ConvertAll(words, word => Number(option.Name, word));
    }

    private static double Number(string option, string word) =>
        double.TryParse(word, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && number > 0 && double.IsFinite(number)
            ? number
            : throw new UsageException($"{option} has '{word}'; expected numbers above 0, such as {option} 0.1,1.");
}
