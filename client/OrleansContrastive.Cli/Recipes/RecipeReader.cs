using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using OrleansContrastive.Data;
using OrleansContrastive.Learning.Methods.Frame;

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
        var said = new JsonObject();
        if (preset is not null) Merge(said, PresetFolder.Read(preset), $"preset '{preset}'");
        foreach (var (key, value) in given)
        {
            if (value is not null) said[Find(key, "option").Name] = JsonSerializer.SerializeToNode(value, Json);
        }

        var others = new List<(string Key, string Text)>();
        foreach (var setting in settings)
        {
            var split = setting.IndexOf('=', StringComparison.Ordinal);
            if (split <= 0) throw new UsageException($"--set takes key=value; found '{setting}'.");
            var (key, text) = (setting[..split], setting[(split + 1)..]);
            if (Known.TryGetValue(Plain(key), out var known)) said[known.Name] = Parse(known.Name, known.Type, text);
            else others.Add((key, text));
        }

        return WithMethod(said, others);
    }

    /// <summary>Puts the method's defaults under what was said, and what is no key of a recipe into the method's options.</summary>
    private static TrainingRecipe WithMethod(JsonObject said, List<(string Key, string Text)> others)
    {
        var name = said["method"]?.GetValue<string>() ?? new TrainingRecipe().Method;
        if (!MethodRegistry.Shared.Names.Contains(name)) throw new UsageException(NearestName.Explain("method", name, MethodRegistry.Shared.Names));
        var method = MethodRegistry.Shared.Find(name);
        var values = new JsonObject();
        foreach (var (key, value) in method.Defaults) values[Find(key, $"key in the defaults of method '{name}'").Name] = JsonSerializer.SerializeToNode(value, Json);
        foreach (var (key, value) in said) values[key] = value?.DeepClone();
        foreach (var (key, text) in others)
        {
            var option = method.Options.FirstOrDefault(option => Plain(option) == Plain(key))
                ?? throw new UsageException(NearestName.Explain($"key for method '{name}'", key, [.. Keys, .. method.Options]));
            if (values["options"] is not JsonObject options) values["options"] = options = [];
            options[option] = Value(text);
        }

        return values.Deserialize<TrainingRecipe>(Json)!;
    }

    // Numbers and truth values as such, everything else as a text.
    private static JsonNode? Value(string text) =>
        bool.TryParse(text, out var truth) ? truth
        : double.TryParse(text, CultureInfo.InvariantCulture, out var number) ? number
        : text;

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
            if (plain == typeof(JsonObject)) return JsonNode.Parse(text)!.AsObject();
            if (plain == typeof(bool)) return bool.Parse(text);
            if (plain == typeof(int)) return int.Parse(text, CultureInfo.InvariantCulture);
            if (plain == typeof(ulong)) return ulong.Parse(text, CultureInfo.InvariantCulture);
            if (plain == typeof(double)) return double.Parse(text, CultureInfo.InvariantCulture);
            if (plain == typeof(int[])) return new JsonArray([.. text.Split(',').Select(part => JsonValue.Create(int.Parse(part, CultureInfo.InvariantCulture)))]);
            if (plain == typeof(string[])) return new JsonArray([.. text.Split(',').Select(part => JsonValue.Create(part))]);
            return new JsonArray([.. text.Split(',').Select(part => JsonValue.Create(double.Parse(part, CultureInfo.InvariantCulture)))]);
        }
        catch (Exception exception) when (exception is FormatException or OverflowException or JsonException or InvalidOperationException)
        {
            throw new UsageException($"--set {name}: '{text}' cannot be read; expected {Describe(type)}.");
        }
    }

    private static string Describe(Type type)
    {
        var plain = Nullable.GetUnderlyingType(type) ?? type;
        return plain == typeof(string) ? "a text"
            : plain == typeof(JsonObject) ? "a JSON object"
            : plain == typeof(bool) ? "true or false"
            : plain == typeof(double) ? "a number"
            : plain == typeof(string[]) ? "texts with commas between them"
            : plain == typeof(double[]) ? "numbers with commas between them"
            : plain == typeof(int[]) ? "whole numbers with commas between them"
            : "a whole number";
    }

    private static string Plain(string key) => key.Replace("-", "", StringComparison.Ordinal).ToLowerInvariant();
}
