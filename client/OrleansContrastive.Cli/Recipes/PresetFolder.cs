using System.Text.Json;
using System.Text.Json.Nodes;
using OrleansContrastive.Data;

namespace OrleansContrastive.Cli.Recipes;

/// <summary>The presets that come with the program: one JSON file per published recipe.</summary>
internal static class PresetFolder
{
    private static string Folder => Path.Combine(AppContext.BaseDirectory, "presets");

    /// <summary>Their names.</summary>
    public static IReadOnlyList<string> Names => Directory.Exists(Folder)
        ? [.. Directory.GetFiles(Folder, "*.json").Select(Path.GetFileNameWithoutExtension).OfType<string>().Order(StringComparer.Ordinal)]
        : [];

    /// <summary>A preset by name, or any file by path.</summary>
    /// <exception cref="UsageException">There is none of that name, or it is no JSON object.</exception>
    public static JsonObject Read(string name)
    {
        var file = File.Exists(name) ? name : Path.Combine(Folder, $"{name}.json");
        if (!File.Exists(file)) throw new UsageException(NearestName.Explain("preset", name, Names));
        try
        {
            return JsonNode.Parse(File.ReadAllText(file), documentOptions: new() { CommentHandling = JsonCommentHandling.Skip }) as JsonObject
                ?? throw new UsageException($"Preset {file} is not a JSON object.");
        }
        catch (JsonException exception)
        {
            throw new UsageException($"Preset {file} is not JSON: {exception.Message}");
        }
    }
}
