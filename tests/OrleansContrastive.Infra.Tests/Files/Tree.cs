using System.Collections.Concurrent;
using OrleansContrastive.Infra.Tests.Bicep;
using YamlDotNet.Core;
using YamlDotNet.Serialization;

namespace OrleansContrastive.Infra.Tests.Files;

/// <summary>The repository's files as the checks see them: those on disk, and over them the edits of a test that breaks something.</summary>
internal sealed class Tree
{
    private static readonly string[] Skipped = ["artifacts", ".git", "bin", "obj", "runs", "node_modules", "golden"];
    private static readonly Lazy<Tree> Disk = new(() => new(Find(), new(StringComparer.Ordinal)));

    // What lies on disk does not change under the tests.
    private static readonly ConcurrentDictionary<string, IReadOnlyList<string>> Walked = new(StringComparer.Ordinal);

    private readonly Dictionary<string, string?> _edits;
    private readonly Dictionary<string, IReadOnlyList<Declaration>> _bicep = new(StringComparer.Ordinal);

    private Tree(string root, Dictionary<string, string?> edits) => (Root, _edits) = (root, edits);

    /// <summary>The repository as it is.</summary>
    public static Tree Real => Disk.Value;

    /// <summary>Where it lies.</summary>
    public string Root { get; }

    /// <summary>This tree with one text put in another's place, which must be there.</summary>
    public Tree With(string path, string old, string replaced)
    {
        var text = Read(path);
        Assert.True(text.Contains(old, StringComparison.Ordinal), $"The test is out of date: '{old}' is not in {path}.");
        return new(Root, new(_edits, StringComparer.Ordinal) { [path] = text.Replace(old, replaced, StringComparison.Ordinal) });
    }

    /// <summary>This tree without a file.</summary>
    public Tree Without(string path) => new(Root, new(_edits, StringComparer.Ordinal) { [path] = null });

    /// <summary>This tree with a file more.</summary>
    public Tree Plus(string path, string text) => new(Root, new(_edits, StringComparer.Ordinal) { [path] = text });

    public bool Exists(string path) => _edits.TryGetValue(Clean(path), out var text) ? text is not null : File.Exists(OnDisk(path));

    public bool IsFolder(string path) => Directory.Exists(OnDisk(path));

    public string Read(string path) => _edits.TryGetValue(Clean(path), out var text) ? text ?? throw new FileNotFoundException(path) : File.ReadAllText(OnDisk(path));

    /// <summary>Whether a file can be executed.</summary>
    public bool IsProgram(string path) => OperatingSystem.IsWindows() || File.GetUnixFileMode(OnDisk(path)).HasFlag(UnixFileMode.UserExecute);

    /// <summary>Files below a folder, as paths from the root, in order.</summary>
    public IReadOnlyList<string> Below(string folder, string ending = "")
    {
        var found = Walked.GetOrAdd(OnDisk(folder), there => Directory.Exists(there) ? [.. Walk(there).Select(path => Path.GetRelativePath(Root, path).Replace('\\', '/')).Order(StringComparer.Ordinal)] : []);
        if (_edits.Count > 0)
        {
            var own = _edits.Where(edit => edit.Value is not null && edit.Key.StartsWith($"{folder}/", StringComparison.Ordinal)).Select(edit => edit.Key);
            found = [.. found.Where(path => !_edits.ContainsKey(path)).Concat(own).Order(StringComparer.Ordinal)];
        }

        return ending.Length == 0 ? found : [.. found.Where(path => path.EndsWith(ending, StringComparison.Ordinal))];
    }

    /// <summary>The templates.</summary>
    public IReadOnlyList<string> Templates => Below("infra", ".bicep");

    /// <summary>The statements of a template.</summary>
    public IReadOnlyList<Declaration> Bicep(string path) =>
        _bicep.TryGetValue(path, out var known) ? known : _bicep[path] = Tests.Bicep.Parser.Read(Read(path), path);

    /// <summary>A YAML file: maps are <see cref="Map"/>, lists are lists, everything else text.</summary>
    public Map Yaml(string path) => Map.Of(new DeserializerBuilder().Build().Deserialize<object>(new MergingParser(new YamlDotNet.Core.Parser(new StringReader(Read(path))))), path);

    private static string Clean(string path) => Path.GetRelativePath("/", Path.GetFullPath(path, "/")).Replace('\\', '/');

    private string OnDisk(string path) => Path.Combine(Root, Clean(path));

    private static IEnumerable<string> Walk(string folder) =>
        Directory.EnumerateFiles(folder).Concat(Directory.EnumerateDirectories(folder).Where(inner => !Skipped.Contains(Path.GetFileName(inner))).SelectMany(Walk));

    private static string Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "OrleansContrastive.sln"))) return folder.FullName;
        }

        throw new InvalidOperationException($"OrleansContrastive.sln lies in no folder above {AppContext.BaseDirectory}.");
    }
}

/// <summary>A map of a YAML file, which knows where it stands.</summary>
internal sealed class Map(IReadOnlyDictionary<string, object?> values, string place)
{
    public static Map Empty(string place) => new(new Dictionary<string, object?>(), place);

    public static Map Of(object? value, string place) =>
        value is null ? Empty(place)
        : value is IDictionary<object, object?> entries ? new(entries.ToDictionary(entry => $"{entry.Key}", entry => entry.Value), place)
        : throw new FormatException($"{place} is no map.");

    public string Place => place;

    public IEnumerable<string> Keys => values.Keys;

    public bool Has(string key) => values.ContainsKey(key);

    /// <summary>A text; null where it is not there or no text.</summary>
    public string? Text(string key) => values.GetValueOrDefault(key) as string;

    public Map Section(string key) => Of(values.GetValueOrDefault(key), $"{place}: {key}");

    public bool IsMap(string key) => values.GetValueOrDefault(key) is IDictionary<object, object?>;

    /// <summary>The entries of a map of maps.</summary>
    public IEnumerable<(string Name, Map Value)> Maps(string key) => Section(key) is var map ? map.Keys.Select(name => (name, map.Section(name))) : [];

    public IReadOnlyList<string> Texts(string key) => values.GetValueOrDefault(key) is IList<object?> list ? [.. list.Select(item => $"{item}")] : [];

    public IReadOnlyList<object?> Items(string key) => values.GetValueOrDefault(key) is IList<object?> list ? [.. list] : [];

    /// <summary>What is wrong with its keys.</summary>
    public IEnumerable<string> Unknown(params string[] known) =>
        Keys.Where(key => !known.Contains(key) && !key.StartsWith("x-", StringComparison.Ordinal)).Select(key => $"{place}: '{key}' is no key; known: {string.Join(", ", known)}.");
}
