using System.Xml.Linq;

namespace OrleansContrastive.House.Tests;

/// <summary>Who may know whom (docs/architecture.md, "The house"), asserted from the project files themselves.</summary>
public sealed class ProjectReferenceTests
{
    private static readonly Dictionary<string, string[]> MayReference = new()
    {
        ["OrleansContrastive.Data"] = [],
        ["OrleansContrastive.Learning"] = [],
        ["OrleansContrastive.Contracts"] = [],
        ["OrleansContrastive.Checkpoints"] = [],
        ["OrleansContrastive.Grains"] = ["Contracts", "Data", "Learning", "Checkpoints"],
        ["OrleansContrastive.Hosting"] = ["Grains", "Checkpoints"],
        ["OrleansContrastive.Dashboard"] = ["Contracts"],
        ["OrleansContrastive.Silo"] = ["Hosting", "Dashboard"],
        ["OrleansContrastive.Cli"] = ["Contracts", "Hosting", "Dashboard", "Checkpoints", "Data", "Learning"],
    };

    private static readonly Dictionary<string, string[]> MayUse = new()
    {
        ["OrleansContrastive.Data"] = ["UsesImages"],
        ["OrleansContrastive.Learning"] = ["UsesTorch"],
        ["OrleansContrastive.Contracts"] = ["UsesOrleans"],
        ["OrleansContrastive.Checkpoints"] = ["UsesAzureStorage"],
        ["OrleansContrastive.Grains"] = ["UsesOrleans"],
        ["OrleansContrastive.Hosting"] = ["UsesOrleans", "UsesAzureProviders"],
        ["OrleansContrastive.Dashboard"] = ["UsesOrleans"],
        ["OrleansContrastive.Silo"] = ["UsesOrleans", "UsesTorch"],
        ["OrleansContrastive.Cli"] = ["UsesOrleans", "UsesTorch"],
    };

    private static IEnumerable<string> Projects() =>
        new[] { "src", "silo", "client" }
            .SelectMany(room => Directory.GetFiles(Path.Combine(House.Root, room), "*.csproj", SearchOption.AllDirectories));

    [Fact]
    public void A_project_references_only_whom_it_may_know()
    {
        var found = 0;
        foreach (var path in Projects())
        {
            var name = Path.GetFileNameWithoutExtension(path);
            Assert.True(MayReference.ContainsKey(name), $"{name} is not a room of the house: add it to docs/architecture.md and here.");
            foreach (var reference in XDocument.Load(path).Descendants("ProjectReference"))
            {
                var target = Path.GetFileNameWithoutExtension(reference.Attribute("Include")!.Value.Replace('\\', '/'));
                Assert.True(
                    MayReference[name].Contains(target.Replace("OrleansContrastive.", "", StringComparison.Ordinal)),
                    $"{name} references {target}; it may reference only: {string.Join(", ", MayReference[name])}.");
                found++;
            }
        }

        Assert.True(found > 0, "No project reference was found at all: the test looks in the wrong place.");
    }

    [Fact]
    public void A_project_uses_only_the_stack_it_may_use()
    {
        foreach (var path in Projects())
        {
            var name = Path.GetFileNameWithoutExtension(path);
            var used = XDocument.Load(path).Descendants()
                .Select(element => element.Name.LocalName)
                .Where(property => property.StartsWith("Uses", StringComparison.Ordinal));
            foreach (var property in used)
                Assert.True(MayUse[name].Contains(property), $"{name} sets {property}; it may set only: {string.Join(", ", MayUse[name])}.");
        }
    }

    /// <summary>What a referenced project references can be seen too; the rooms that start processes keep away from the actors all the same.</summary>
    [Fact]
    public void Executables_speak_with_grains_by_their_contracts_alone()
    {
        var files = new[] { "silo", "client" }.SelectMany(room => Directory.GetFiles(Path.Combine(House.Root, room), "*.cs", SearchOption.AllDirectories)).ToList();
        Assert.NotEmpty(files);
        foreach (var path in files)
        {
            Assert.False(
                File.ReadAllText(path).Contains("OrleansContrastive.Grains", StringComparison.Ordinal),
                $"{path} uses the room Grains; it may know only Contracts, and what Hosting offers.");
        }
    }

    [Fact]
    public void Source_never_asks_which_stack_it_is_compiled_for()
    {
        foreach (var room in new[] { "src", "silo", "client", "tests" })
            foreach (var path in Directory.GetFiles(Path.Combine(House.Root, room), "*.cs", SearchOption.AllDirectories))
                foreach (var (line, index) in File.ReadLines(path).Select((line, index) => (line, index)))
                    Assert.False(
                        line.TrimStart().StartsWith("#if", StringComparison.Ordinal) && !line.Contains("DEBUG", StringComparison.Ordinal),
                        $"{path}({index + 1}): conditional compilation; put the difference into one adapter file instead.");
    }
}
