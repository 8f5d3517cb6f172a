using System.Text.Json;
using System.Xml.Linq;
using OrleansContrastive.Infra.Tests.Files;

namespace OrleansContrastive.Infra.Tests.Checks;

/// <summary>The lock files by which the images of the stack offline are restored: one for each project, and true of its packages.</summary>
internal static class Locks
{
    private const string Versions = "Directory.Packages.props";
    private const string Written = "write it anew as Directory.Build.props says";

    public static IEnumerable<string> Problems(Tree tree)
    {
        var versions = XDocument.Parse(tree.Read(Versions));
        foreach (var project in Dockerfiles.Projects(tree))
        {
            var path = $"{Path.GetDirectoryName(project)!.Replace('\\', '/')}/packages.offline.lock.json";
            if (!tree.Exists(path))
            {
                yield return $"There is no {path}: {Written}.";
                continue;
            }

            using var json = JsonDocument.Parse(tree.Read(path));
            var entries = json.RootElement.GetProperty("dependencies").GetProperty("net10.0").EnumerateObject().ToDictionary(entry => entry.Name, entry => entry.Value);
            var direct = entries.Where(entry => entry.Value.GetProperty("type").GetString() == "Direct").Select(entry => entry.Key).ToHashSet();
            var wanted = Packages(tree, project).ToHashSet();
            foreach (var missing in wanted.Except(direct)) yield return $"{path} lacks {missing}: {Written}.";
            foreach (var extra in direct.Except(wanted)) yield return $"{path} has {extra}, which the project does not use: {Written}.";
            foreach (var (name, entry) in entries.Where(entry => entry.Value.TryGetProperty("resolved", out _) && entry.Value.GetProperty("type").GetString() is "Direct" or "CentralTransitive"))
            {
                var (resolved, central) = (entry.GetProperty("resolved").GetString()!, Central(versions, name));
                if (!central.Contains(resolved)) yield return $"{path}: {name} is {resolved}; {Versions} says {string.Join(" or ", central)}: {Written}.";
            }
        }
    }

    /// <summary>The packages that a project takes itself on the stack offline.</summary>
    private static IEnumerable<string> Packages(Tree tree, string project)
    {
        var file = XDocument.Parse(tree.Read(project));
        var own = file.Descendants("PackageReference").Select(reference => reference.Attribute("Include")!.Value);
        var common = from reference in XDocument.Parse(tree.Read("Directory.Build.targets")).Descendants("PackageReference")
                     let condition = $"{reference.Parent!.Attribute("Condition")?.Value} {reference.Attribute("Condition")?.Value}"
                     where !condition.Contains("'nuget'", StringComparison.Ordinal) && !condition.Contains("$(IsTest)", StringComparison.Ordinal)
                     where file.Descendants().Any(element => element.Name.LocalName.StartsWith("Uses", StringComparison.Ordinal) && condition.Contains($"$({element.Name.LocalName})", StringComparison.Ordinal))
                     select reference.Attribute("Include")!.Value;
        return own.Concat(common);
    }

    private static List<string> Central(XDocument versions, string package)
    {
        var version = versions.Descendants("PackageVersion").FirstOrDefault(entry => entry.Attribute("Include")?.Value == package)?.Attribute("Version")?.Value ?? "nothing";
        return version.StartsWith("$(", StringComparison.Ordinal) ? [.. versions.Descendants(version[2..^1]).Select(property => property.Value)] : [version];
    }
}
