using System.ComponentModel;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace OrleansContrastive.Cli.Recipes;

/// <summary>A key of a recipe, as presets and <c>--set</c> name it.</summary>
/// <param name="Name">Its name, such as <c>learningRate</c>.</param>
/// <param name="Type">What its value is.</param>
/// <param name="About">What it means.</param>
/// <param name="Default">Its value where neither a method nor a preset says another.</param>
internal sealed record RecipeKey(string Name, Type Type, string About, JsonNode? Default)
{
    /// <summary>All keys, what belongs together side by side.</summary>
    public static IReadOnlyList<RecipeKey> All { get; } = [.. Read()];

    /// <summary>What a value has to be, in words.</summary>
    public string Expected
    {
        get
        {
            var plain = Nullable.GetUnderlyingType(Type) ?? Type;
            return plain == typeof(string) ? "a text"
                : plain == typeof(JsonObject) ? "a JSON object"
                : plain == typeof(bool) ? "true or false"
                : plain == typeof(double) ? "a number"
                : plain == typeof(string[]) ? "texts with commas between them"
                : plain == typeof(double[]) ? "numbers with commas between them"
                : plain == typeof(int[]) ? "whole numbers with commas between them"
                : "a whole number";
        }
    }

    private static IEnumerable<RecipeKey> Read()
    {
        var defaults = new TrainingRecipe();
        foreach (var property in typeof(TrainingRecipe).GetProperties().Where(property => property.SetMethod is not null))
        {
            yield return new(
                JsonNamingPolicy.CamelCase.ConvertName(property.Name),
                property.PropertyType,
                property.GetCustomAttribute<DescriptionAttribute>()?.Description ?? "",
                JsonSerializer.SerializeToNode(property.GetValue(defaults), property.PropertyType));
        }
    }
}
