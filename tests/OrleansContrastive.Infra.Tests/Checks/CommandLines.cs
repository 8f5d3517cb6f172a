using System.Text.Json;
using System.Text.RegularExpressions;
using OrleansContrastive.Cli;
using OrleansContrastive.Infra.Tests.Bicep;
using OrleansContrastive.Infra.Tests.Files;
using OrleansContrastive.Silo;

namespace OrleansContrastive.Infra.Tests.Checks;

/// <summary>Every command line that documents, templates and the composition name is one that the programs take.</summary>
internal static partial class CommandLines
{
    public static readonly string[] Documents = ["docs/operations.md", "infra/README.md"];

    public static IEnumerable<string> Problems(Tree tree) =>
        Documents.Where(tree.Exists).SelectMany(path => InDocument(tree, path)).Concat(InTemplates(tree)).Concat(InComposition(tree));

    /// <summary>The command lines of a document: those of its shell blocks, and what stands between backticks.</summary>
    public static IEnumerable<(string Line, bool IsBlock)> Of(string markdown)
    {
        var (shell, other, joined) = (false, false, "");
        foreach (var line in markdown.Split('\n').Select(line => line.Trim()))
        {
            if (line.StartsWith("```", StringComparison.Ordinal))
            {
                if (!shell && !other) (shell, other) = line is "```" or "```sh" or "```bash" or "```console" ? (true, false) : (false, true);
                else (shell, other) = (false, false);
            }
            else if (shell)
            {
                var said = joined + line.TrimStart('$', ' ');
                joined = said.EndsWith('\\') ? said[..^1] : "";
                if (joined.Length == 0) yield return (said, true);
            }
            else if (!other)
            {
                foreach (Match code in Code().Matches(line)) yield return (code.Groups[1].Value, false);
            }
        }
    }

    private static IEnumerable<string> InDocument(Tree tree, string path)
    {
        foreach (var (line, isBlock) in Of(tree.Read(path)))
        {
            // In a sentence a command may be named without all that it needs.
            foreach (var problem in Judge(tree, line).Where(problem => isBlock || !problem.Contains("equired", StringComparison.Ordinal))) yield return $"{path}: {line}: {problem}";
        }
    }

    private static IEnumerable<string> InTemplates(Tree tree)
    {
        using var train = JsonDocument.Parse(tree.Read("infra/train.json"));
        string[] run = [.. train.RootElement.EnumerateArray().Select(word => word.GetString()!)];
        foreach (var path in tree.Templates)
        {
            foreach (var container in tree.Bicep(path).Select(statement => statement.Value).OfType<Expression>().SelectMany(value => value.All()).OfType<ObjectValue>().Where(value => value["image"] is not null && value["args"] is not null))
            {
                if (container["command"] is not ArrayValue { Items: [Text { Literal: "contrastive" }] }) yield return $"{path}: a container has arguments and its command is not contrastive.";
                string[] words = [.. container["args"] switch
                {
                    ArrayValue array => Words(array),
                    Call { Function: "concat" } call => call.Arguments.SelectMany(argument => argument is ArrayValue array ? Words(array) : run),
                    _ => [],
                }];
                var environment = Variables.Of(container["env"]).Select(variable => variable.Name).ToList();
                foreach (var problem in Parse(words, environment.Contains("Store__Address"))) yield return $"{path}: contrastive {string.Join(' ', words)}: {problem}";
            }
        }

        static IEnumerable<string> Words(ArrayValue array) => array.Items.Select(item => item is Text text ? text.With("word") : item is Call { Function: "string" } ? "1" : "word");
    }

    private static IEnumerable<string> InComposition(Tree tree)
    {
        foreach (var (name, service) in tree.Yaml(Composition.File).Maps("services").Where(service => service.Value.Texts("entrypoint") is ["contrastive"]))
        {
            foreach (var problem in Parse([.. service.Texts("command")], service.Section("environment").Has("Store__Address"))) yield return $"{Composition.File}: {name}: {problem}";
        }
    }

    private static IEnumerable<string> Judge(Tree tree, string line)
    {
        // Comments, and what comes behind a pipe, are the shell's.
        string[] words = [.. Word().Matches(Rest().Replace(line, "")).Select(match => match.Value.Trim('"', '\'')).Select(word => word is [>= 'A' and <= 'Z'] ? "1" : word)];
        return words switch
        {
            ["contrastive", .. var arguments] => Parse(arguments, hasStore: true),
            ["contrastive-silo", .. var arguments] => arguments is ["--help"] or ["--probe", _] ? [] : CommandLine.Problem(arguments) is { } problem ? [problem] : [],
            ["./run", var command, .. var arguments] => Run(tree, command, arguments),
            _ => [],
        };
    }

    private static IEnumerable<string> Run(Tree tree, string command, string[] arguments)
    {
        if (!Regex.IsMatch(tree.Read("run"), $@"^\s*{Regex.Escape(command)}\) shift;", RegexOptions.Multiline)) return [$"./run has no command '{command}'."];
        return command switch
        {
            "demo" => Parse(["train", .. arguments], true),
            "cluster-demo" => Parse(["cluster-demo", .. arguments], true),
            _ => [],
        };
    }

    private static IEnumerable<string> Parse(string[] arguments, bool hasStore)
    {
        // An ellipsis stands for more of the same.
        string[] words = [.. arguments.Where(word => word is not "..." and not "…")];
        var tree = ContrastiveCommand.Create();
        var parsed = tree.Parse(words);
        return parsed.Errors.Select(error => error.Message).Where(message => !(hasStore && message.Contains("'--store' is required", StringComparison.Ordinal)))
            .Concat(Presets(words));
    }

    private static IEnumerable<string> Presets(string[] words)
    {
        var at = Array.IndexOf(words, "--preset");
        if (at >= 0 && at + 1 < words.Length && Lower().IsMatch(words[at + 1]) && !Tree.Real.Exists($"presets/{words[at + 1]}.json")) yield return $"there is no preset '{words[at + 1]}'.";
    }

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex Code();

    [GeneratedRegex("""'[^']*'|"[^"]*"|\S+""")]
    private static partial Regex Word();

    [GeneratedRegex(@"(\s#|\s\||\s>|\s&&|;).*$")]
    private static partial Regex Rest();

    [GeneratedRegex("^[a-z0-9-]+$")]
    private static partial Regex Lower();
}
