using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using OrleansContrastive.Data;

namespace OrleansContrastive.Cli.Recipes;

/// <summary>Puts a recipe together: the method's defaults, then a preset, then what the command line says.</summary>
internal static class RecipeReader
{
    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.CamelCase };

    private static readonly Dictionary<string, (string Name, Type Type)> Known = typeof(TrainingRecipe).GetProperties()
        .Where(property => property.SetMethod is not null)
        .ToDictionary(property => Plain(property.Name), property => (JsonNamingPolicy.CamelCase.ConvertName(property.Name), property.PropertyType));

    /// <summary>The known keys, as <c>--set</c> takes them.</summary>
    public static IReadOnlyList<string> Keys { get; } = [.. Known.Values.Select(known => known.Name).Order(StringComparer.Ordinal)];

    /// <summary>Reads a recipe.</summary>
    /// <param name="preset">A name in the presets folder, a file, or null.</param>
    /// <param name="given">What the command line says, by key; null values are passed over.</param>
    /// <param name="settings">The <c>key=value</c> arguments.</param>
    /// <exception cref="UsageException">An unknown preset or key, or a value that cannot be read.</exception>
    public static TrainingRecipe Read(string? preset, IReadOnlyDictionary<string, object?> given, IReadOnlyList<string> settings)
    {
        var values = new JsonObject();
        if (preset is not null) Merge(values, PresetFolder.Read(preset), $"preset '{preset}'");
        foreach (var (key, value) in given)
        {
            if (value is not null) values[Find(key, "option").Name] = JsonSerializer.SerializeToNode(value, Json);
        }

        foreach (var setting in settings)
        {
            var split = setting.IndexOf('=', StringComparison.Ordinal);
            if (split <= 0) throw new UsageException($"--set takes key=value; found '{setting}'.");
            var (name, type) = Find(setting[..split], "key");
            values[name] = Parse(name, type, setting[(split + 1)..]);
        }

        return values.Deserialize<TrainingRecipe>(Json)!;
    }

    private static void Merge(JsonObject values, JsonObject preset, string where)
    {
        foreach (var (key, value) in preset)
        {
            // What a preset is for and where it comes from is for its reader.
            if (key.StartsWith('$')) continue;
            var (name, type) = Find(key, $"key in {where}");
            try
            {
                value.Deserialize(type, Json);
            }
            catch (JsonException)
            {
                throw new UsageException($"'{key}' in {where} is {value?.ToJsonString() ?? "null"}; expected {Describe(type)}.");
            }

            values[name] = value?.DeepClone();
        }
    }

    private static (string Name, Type Type) Find(string key, string what) =>
        Known.TryGetValue(Plain(key), out var known) ? known : throw new UsageException(NearestName.Explain(what, key, Keys));

    private static JsonNode? Parse(string name, Type type, string text)
    {
        try
        {
            var plain = Nullable.GetUnderlyingType(type) ?? type;
            if (plain == typeof(string)) return text;
            if (plain == typeof(bool)) return bool.Parse(text);
            if (plain == typeof(int)) return int.Parse(text, CultureInfo.InvariantCulture);
            if (plain == typeof(ulong)) return ulong.Parse(text, CultureInfo.InvariantCulture);
            if (plain == typeof(double)) return double.Parse(text, CultureInfo.InvariantCulture);
            if (plain == typeof(int[])) return new JsonArray([.. text.Split(',').Select(part => JsonValue.Create(int.Parse(part, CultureInfo.InvariantCulture)))]);
            if (plain == typeof(string[])) return new JsonArray([.. text.Split(',').Select(part => JsonValue.Create(part))]);
            return new JsonArray([.. text.Split(',').Select(part => JsonValue.Create(double.Parse(part, CultureInfo.InvariantCulture)))]);
        }
        catch (Exception exception) when (exception is FormatException or OverflowException)
        {
            throw new UsageException($"--set {name}: '{text}' cannot be read; expected {Describe(type)}.");
        }
    }

    private static string Describe(Type type)
    {
        var plain = Nullable.GetUnderlyingType(type) ?? type;
        return plain == typeof(string) ? "a text"
            : plain == typeof(bool) ? "true or false"
            : plain == typeof(double) ? "a number"
            : plain == typeof(string[]) ? "texts with commas between them"
            : plain == typeof(double[]) ? "numbers with commas between them"
            : plain == typeof(int[]) ? "whole numbers with commas between them"
            : "a whole number";
    }

    private static string Plain(string key) => key.Replace("-", "", StringComparison.Ordinal).ToLowerInvariant();
}
