using System.Text.RegularExpressions;
using System.Xml.Linq;
using OrleansContrastive.Infra.Tests.Files;

namespace OrleansContrastive.Infra.Tests.Checks;

/// <summary>The Dockerfiles: pinned bases, all that is copied is there, every project is restored, and what runs has no rights.</summary>
internal static partial class Dockerfiles
{
    public const string Cpu = "silo/OrleansContrastive.Silo/Dockerfile";
    public const string Gpu = "silo/OrleansContrastive.Silo/Dockerfile.gpu";
    public static readonly string[] Files = [Cpu, Gpu];

    private static readonly string[] Programs = ["silo/OrleansContrastive.Silo/OrleansContrastive.Silo.csproj", "client/OrleansContrastive.Cli/OrleansContrastive.Cli.csproj"];
    private static readonly string[] Labels = ["title", "description", "licenses", "version", "revision"];

    // The lines in which the two may differ.
    private static readonly string[] Differing = ["ARG TORCH=", "org.opencontainers.image.description=", "ENV NVIDIA_"];

    public static IEnumerable<string> Problems(Tree tree) => Files.SelectMany(path => Problems(tree, path)).Concat(Difference(tree));

    /// <summary>What a COPY brings into the image, as paths from the root.</summary>
    public static IReadOnlyList<string> Copied(Tree tree, DockerIgnore ignore, string source)
    {
        var pattern = new Regex("^" + Regex.Escape(source.TrimEnd('/')).Replace(@"\*", "[^/]*", StringComparison.Ordinal) + (source.Contains('*', StringComparison.Ordinal) ? "$" : "(/.*)?$"));
        var top = source.Split('/')[0];
        var candidates = source.Contains('/', StringComparison.Ordinal) ? tree.Below(top) : [source];
        return [.. candidates.Where(path => pattern.IsMatch(path) && tree.Exists(path) && ignore.Sends(path))];
    }

    /// <summary>The projects that the programs are made of, on any stack.</summary>
    public static IReadOnlyList<string> Projects(Tree tree)
    {
        var found = new List<string>();
        foreach (var program in Programs) Visit(program);
        return found;

        void Visit(string project)
        {
            if (found.Contains(project)) return;
            found.Add(project);
            var file = XDocument.Parse(tree.Read(project));
            foreach (var reference in file.Descendants("ProjectReference")) Visit(Templates.Beside(project, reference.Attribute("Include")!.Value));
            // Directory.Build.targets says what a project's Uses* stand for.
            foreach (var reference in XDocument.Parse(tree.Read("Directory.Build.targets")).Descendants("ProjectReference"))
            {
                var condition = $"{reference.Parent?.Attribute("Condition")?.Value} {reference.Attribute("Condition")?.Value}";
                if (file.Descendants().Any(element => element.Name.LocalName.StartsWith("Uses", StringComparison.Ordinal) && condition.Contains($"$({element.Name.LocalName})", StringComparison.Ordinal)))
                    Visit(reference.Attribute("Include")!.Value.Replace("$(MSBuildThisFileDirectory)", "", StringComparison.Ordinal));
            }
        }
    }

    private static IEnumerable<string> Problems(Tree tree, string path)
    {
        var file = Dockerfile.Read(tree, path);
        var ignore = new DockerIgnore(tree.Read(".dockerignore"));
        var copied = file.Of("COPY").SelectMany(copy => copy.Sources).Distinct().ToDictionary(source => source, source => Copied(tree, ignore, source));
        var projects = Projects(tree);
        foreach (var from in file.Of("FROM"))
        {
            var image = Argument().Match(from.Words[0]) is { Success: true } argument ? file.Default(argument.Groups[1].Value) : from.Words[0];
            if (image is null || !Pinned().IsMatch(image)) yield return $"{path}({from.Line}): the base '{image}' has no tag of a whole version.";
        }

        if (tree.Read(path).Contains(":latest", StringComparison.Ordinal)) yield return $"{path}: an image is called latest.";
        foreach (var add in file.Of("ADD")) yield return $"{path}({add.Line}): ADD fetches and unpacks; use COPY.";
        foreach (var copy in file.Of("COPY"))
        {
            foreach (var source in copy.Sources.Where(source => copied[source].Count == 0)) yield return $"{path}({copy.Line}): COPY finds nothing at '{source}'.";
        }

        var restore = file.Instructions.ToList().FindIndex(instruction => instruction.Name == "RUN" && instruction.Arguments.Contains("dotnet restore", StringComparison.Ordinal));
        var before = file.Instructions.Take(Math.Max(restore, 0)).Where(instruction => instruction.Name == "COPY").SelectMany(copy => copy.Sources).SelectMany(source => copied[source]).ToHashSet();
        foreach (var project in projects.Where(project => !before.Contains(project))) yield return $"{path}: {project} is not copied before the restore.";
        foreach (var needed in new[] { ".editorconfig", "global.json", "Directory.Build.props", "Directory.Build.targets", "Directory.Packages.props" }.Where(needed => !before.Contains(needed))) yield return $"{path}: {needed} is not copied before the restore.";
        var all = file.Of("COPY").SelectMany(copy => copy.Sources).SelectMany(source => copied[source]).ToHashSet();
        foreach (var folder in projects.Select(Path.GetDirectoryName).Select(folder => folder!.Replace('\\', '/')))
        {
            foreach (var missing in tree.Below(folder).Where(source => source.EndsWith(".cs", StringComparison.Ordinal) && !all.Contains(source)).Take(1)) yield return $"{path}: {missing} is not copied.";
        }

        foreach (var sent in all.Where(sent => sent.StartsWith("artifacts/", StringComparison.Ordinal) || sent.Contains("/bin/", StringComparison.Ordinal) || sent.Contains("/obj/", StringComparison.Ordinal)).Take(1)) yield return $"{path}: {sent} is an output, and is copied.";
        foreach (var program in Programs.Where(program => !file.Of("RUN").Any(run => run.Arguments.Contains($"dotnet publish {Path.GetDirectoryName(program)!.Replace('\\', '/')} ", StringComparison.Ordinal)))) yield return $"{path}: {program} is not published.";
        foreach (var run in file.Of("RUN").Where(run => run.Arguments.Contains("dotnet restore", StringComparison.Ordinal) && !run.Arguments.Contains("-p:Locked=true", StringComparison.Ordinal))) yield return $"{path}({run.Line}): the restore is not locked.";

        var final = file.Instructions.Where(instruction => instruction.Stage == "final").ToList();
        if (final.LastOrDefault(instruction => instruction.Name == "USER")?.Arguments is not { } user || !Unprivileged().IsMatch(user)) yield return $"{path}: what runs has no user of its own, by number.";
        if (final.FirstOrDefault(instruction => instruction.Name == "ENTRYPOINT")?.Words is not [var entry] || entry != $"/app/{AssemblyName(tree, Programs[0])}") yield return $"{path}: the entrypoint is not the silo.";
        if (final.FirstOrDefault(instruction => instruction.Name == "HEALTHCHECK")?.Arguments.Contains("\"--probe\", \"ready\"", StringComparison.Ordinal) != true) yield return $"{path}: there is no HEALTHCHECK that asks for ready.";
        var labels = final.Where(instruction => instruction.Name == "LABEL").SelectMany(label => label.Pairs()).Select(label => label.Name).ToHashSet();
        foreach (var label in Labels.Where(label => !labels.Contains($"org.opencontainers.image.{label}"))) yield return $"{path}: the label org.opencontainers.image.{label} is missing.";
        var writable = final.Where(instruction => instruction.Name == "VOLUME").SelectMany(volume => volume.Words).ToList();
        foreach (var (name, value) in final.Where(instruction => instruction.Name == "ENV").SelectMany(environment => environment.Pairs()).Where(pair => pair.Name is "HOME" or "OC_CACHE"))
        {
            if (!writable.Contains(value)) yield return $"{path}: {name} is {value}, which is no volume, and the root is read-only.";
        }
    }

    private static IEnumerable<string> Difference(Tree tree)
    {
        var (cpu, gpu) = (Lines(Cpu), Lines(Gpu));
        foreach (var line in cpu.Except(gpu).Concat(gpu.Except(cpu))) yield return $"{Cpu} and {Gpu} differ in: {line}";
        if (Dockerfile.Read(tree, Cpu).Default("TORCH") != "cpu") yield return $"{Cpu}: TORCH is not cpu.";
        if (Dockerfile.Read(tree, Gpu).Default("TORCH") != "cuda") yield return $"{Gpu}: TORCH is not cuda.";

        IEnumerable<string> Lines(string path) => tree.Read(path).Split('\n').Select(line => line.Trim()).Where(line => line.Length > 0 && line[0] != '#' && !Differing.Any(part => line.Contains(part, StringComparison.Ordinal)));
    }

    private static string? AssemblyName(Tree tree, string project) => XDocument.Parse(tree.Read(project)).Descendants("AssemblyName").SingleOrDefault()?.Value;

    [GeneratedRegex(@"^\$\{(\w+)\}$")]
    private static partial Regex Argument();

    [GeneratedRegex(@":\d+\.\d+\.\d+[-\w.]*(@sha256:[0-9a-f]{64})?$")]
    private static partial Regex Pinned();

    [GeneratedRegex(@"^[1-9]\d*(:[1-9]\d*)?$")]
    private static partial Regex Unprivileged();
}
