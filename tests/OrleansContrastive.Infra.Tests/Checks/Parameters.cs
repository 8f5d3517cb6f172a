using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using OrleansContrastive.Infra.Tests.Bicep;
using OrleansContrastive.Infra.Tests.Files;

namespace OrleansContrastive.Infra.Tests.Checks;

/// <summary>The parameter files: what they give is asked for, what is required is given, and every variable comes from somewhere.</summary>
internal static partial class Parameters
{
    // What azd itself sets in its environment.
    private static readonly string[] OfAzd = ["AZURE_ENV_NAME", "AZURE_LOCATION", "AZURE_PRINCIPAL_ID", "AZURE_PRINCIPAL_TYPE", "AZURE_SUBSCRIPTION_ID", "AZURE_TENANT_ID"];

    public static IEnumerable<string> Problems(Tree tree) => Templates.Roots.SelectMany(root => Problems(tree, root));

    private static IEnumerable<string> Problems(Tree tree, string root)
    {
        var path = root.Replace(".bicep", ".parameters.json", StringComparison.Ordinal);
        using var json = JsonDocument.Parse(tree.Read(path));
        var given = json.RootElement.GetProperty("parameters").EnumerateObject().ToList();
        var wanted = tree.Bicep(root).Where(statement => statement.Kind == Kind.Param).ToList();
        foreach (var name in given.Where(value => wanted.All(param => param.Name != value.Name))) yield return $"{path}: {root} has no parameter '{name.Name}'.";
        foreach (var param in wanted.Where(param => param.Value is null && given.All(value => value.Name != param.Name))) yield return $"{path}: {root} requires '{param.Name}'.";
        foreach (var value in given)
        {
            if (wanted.FirstOrDefault(param => param.Name == value.Name) is not { } param) continue;
            if (value.Value.EnumerateObject().FirstOrDefault() is not { Name: "value", Value.ValueKind: JsonValueKind.String } only) continue;
            if (Variable().Match(only.Value.GetString()!) is not { Success: true } variable) continue;
            var (name, otherwise) = (variable.Groups["name"].Value, variable.Groups["default"] is { Success: true } found ? found.Value : null);
            // azd leaves a parameter with a default alone where its variable is not set.
            if (otherwise is null && param.Value is null && !Sources(tree).Contains(name)) yield return $"{path}: nothing sets {name}, and '{param.Name}' has no default.";
            if (otherwise is not null && !Fits(param, otherwise)) yield return $"{path}: the default '{otherwise}' of {name} does not fit '{param.Name}' of {root}.";
        }
    }

    /// <summary>The variables that azd, its hooks, and the outputs of the first template set.</summary>
    private static HashSet<string> Sources(Tree tree) =>
    [
        .. OfAzd,
        .. tree.Bicep(Templates.Roots[0]).Where(statement => statement.Kind == Kind.Output).Select(statement => statement.Name),
        .. tree.Yaml("azure.yaml").Section("services").Keys.Select(service => $"SERVICE_{service.ToUpperInvariant().Replace('-', '_')}_IMAGE_NAME"),
        .. tree.Yaml("azure.yaml").Maps("hooks").Where(hook => hook.Name is "predeploy" or "postprovision" && tree.Exists(hook.Value.Text("run")!))
            .SelectMany(hook => EnvSet().Matches(tree.Read(hook.Value.Text("run")!))).Select(match => match.Groups[1].Value),
    ];

    private static bool Fits(Declaration param, string value)
    {
        var allowed = param.Decorators.FirstOrDefault(decorator => decorator.Name == "allowed").Arguments?[0] as ArrayValue;
        if (allowed is not null) return allowed.Items.OfType<Text>().Any(item => item.Literal == value);
        return param.TypeName switch
        {
            "bool" => value is "true" or "false",
            "int" => int.TryParse(value, CultureInfo.InvariantCulture, out _),
            _ => true,
        };
    }

    [GeneratedRegex(@"^\$\{(?<name>[A-Z_]+)(=(?<default>[^}]*))?\}$")]
    private static partial Regex Variable();

    [GeneratedRegex(@"azd env set ([A-Z_]+)")]
    private static partial Regex EnvSet();
}
