using System.Text.RegularExpressions;

namespace OrleansContrastive.Infra.Tests.Files;

/// <summary>An instruction of a Dockerfile, its lines joined.</summary>
internal sealed partial record Instruction(string Name, string Arguments, string Stage, int Line)
{
    /// <summary>The words, options among them; a JSON array's items where it is one.</summary>
    public IReadOnlyList<string> Words => Arguments.StartsWith('[')
        ? System.Text.Json.JsonSerializer.Deserialize<string[]>(Arguments)!
        : Arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>What a COPY takes from the context; nothing where it takes from another stage.</summary>
    public IReadOnlyList<string> Sources => Words.Any(word => word.StartsWith("--from=", StringComparison.Ordinal)) ? [] : [.. Words.Where(word => !word.StartsWith("--", StringComparison.Ordinal)).SkipLast(1)];

    /// <summary>The pairs of an ENV or a LABEL.</summary>
    public IEnumerable<(string Name, string Value)> Pairs() =>
        Pair().Matches(Arguments).Select(match => (match.Groups[1].Value, match.Groups[2].Value.Trim('"')));

    [GeneratedRegex("""([A-Za-z_][\w.]*)=("[^"]*"|\S+)""")]
    private static partial Regex Pair();
}

/// <summary>A Dockerfile, read as far as checks need it.</summary>
internal sealed record Dockerfile(string Path, IReadOnlyList<Instruction> Instructions)
{
    public static Dockerfile Read(Tree tree, string path)
    {
        var (instructions, joined, stage, start) = (new List<Instruction>(), "", "", 0);
        var lines = tree.Read(path).Split('\n');
        for (var index = 0; index < lines.Length; index++)
        {
            var line = lines[index].Trim();
            if (line.Length == 0 || line.StartsWith('#')) continue;
            if (joined.Length == 0) start = index + 1;
            if (line.EndsWith('\\'))
            {
                joined += line[..^1].TrimEnd() + " ";
                continue;
            }

            var (name, arguments) = (joined + line).Split(' ', 2) is [var first, var rest] ? (first.ToUpperInvariant(), rest.Trim()) : (line.ToUpperInvariant(), "");
            if (name == "FROM") stage = arguments.Split(' ') is [_, _, var called] ? called : "";
            instructions.Add(new(name, arguments, stage, start));
            joined = "";
        }

        return new(path, instructions);
    }

    /// <summary>The instructions of one name.</summary>
    public IEnumerable<Instruction> Of(string name) => Instructions.Where(instruction => instruction.Name == name);

    /// <summary>The default of an argument.</summary>
    public string? Default(string argument) => Of("ARG").Select(instruction => instruction.Arguments.Split('=', 2)).FirstOrDefault(pair => pair[0] == argument) is [_, var value] ? value : null;
}

/// <summary>A .dockerignore of one level: patterns in order, the last that fits decides.</summary>
internal sealed class DockerIgnore(string text)
{
    private readonly IReadOnlyList<(bool Keeps, Regex Pattern)> _rules =
    [
        .. from line in text.Split('\n').Select(line => line.Trim())
           where line.Length > 0 && line[0] != '#'
           let keeps = line[0] == '!'
           select (keeps, Compile(keeps ? line[1..] : line)),
    ];

    private readonly Dictionary<string, bool> _sent = new(StringComparer.Ordinal);

    /// <summary>Whether a file of the context is sent to the builder.</summary>
    public bool Sends(string path)
    {
        if (!_sent.TryGetValue(path, out var sent)) _sent.Add(path, sent = _rules.LastOrDefault(rule => rule.Pattern.IsMatch(path)) is not { Pattern: not null } last || last.Keeps);
        return sent;
    }

    // A pattern fits a file, and everything below a folder.
    private static Regex Compile(string pattern) =>
        new("^" + Regex.Escape(pattern.Trim('/')).Replace(@"\*\*/", "(.*/)?", StringComparison.Ordinal).Replace(@"\*", "[^/]*", StringComparison.Ordinal) + "(/.*)?$");
}
