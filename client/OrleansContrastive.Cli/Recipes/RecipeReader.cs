using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using OrleansContrastive.Data;
using OrleansContrastive.Learning.Methods.Frame;

namespace OrleansContrastive.Cli.Recipes;

/// <summary>Puts a recipe together: the method's defaults, then a preset, then what the command line says.</summary>
internal static class RecipeReader
{
    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.CamelCase };

    private static readonly JsonSerializerOptions Readable = new(Json)
    {
        WriteIndented = true,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private static readonly Dictionary<string, RecipeKey> Known = RecipeKey.All.ToDictionary(key => Plain(key.Name));

    private static readonly string[] Names = [.. RecipeKey.All.Select(key => key.Name).Order(StringComparer.Ordinal)];

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
            if (Known.TryGetValue(Plain(key), out var known)) said[known.Name] = Parse(known, text);
            else others.Add((key, text));
        }

        return WithMethod(said, others);
    }

    /// <summary>A recipe as the text of a preset, with every key that has a value.</summary>
    public static string Write(TrainingRecipe recipe) => JsonSerializer.Serialize(recipe, Readable);

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
                ?? throw new UsageException(NearestName.Explain($"key for method '{name}'", key, [.. Names, .. method.Options]));
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
            var known = Find(key, $"key in {where}");
            try
            {
                value.Deserialize(known.Type, Json);
            }
            catch (JsonException)
            {
                throw new UsageException($"'{key}' in {where} is {value?.ToJsonString() ?? "null"}; expected {known.Expected}.");
            }

            values[known.Name] = value?.DeepClone();
        }
    }

    private static RecipeKey Find(string key, string what) =>
        Known.TryGetValue(Plain(key), out var known) ? known : throw new UsageException(NearestName.Explain(what, key, Names));

    private static JsonNode? Parse(RecipeKey key, string text)
    {
        try
        {
            var plain = Nullable.GetUnderlyingType(key.Type) ?? key.Type;
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
            throw new UsageException($"--set {key.Name}: '{text}' cannot be read; expected {key.Expected}.");
        }
    }

    private static string Plain(string key) => key.Replace("-", "", StringComparison.Ordinal).ToLowerInvariant();
}
