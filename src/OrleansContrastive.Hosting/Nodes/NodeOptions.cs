using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace OrleansContrastive.Hosting.Nodes;

/// <summary>Reads a section of the configuration value by value, so that each one that is unknown or unreadable is named.</summary>
public static class NodeOptions
{
    /// <summary>The options of a section.</summary>
    /// <exception cref="OptionsValidationException">A value has no option or cannot be read; all of them are told.</exception>
    public static T Read<T>(IConfiguration configuration, string section) where T : class, new()
    {
        var (options, problems) = Bind<T>(configuration, section);
        return problems.Count == 0 ? options : throw new OptionsValidationException(section, typeof(T), problems);
    }

    internal static (T Options, IReadOnlyList<string> Problems) Bind<T>(IConfiguration configuration, string section) where T : class, new()
    {
        var (options, problems) = (new T(), new List<string>());
        foreach (var value in configuration.GetSection(section).GetChildren())
        {
            if (!TrySet(options, value, out var problem)) problems.Add(problem);
        }

        return (options, problems);
    }

    internal static bool TrySet<T>(T options, IConfigurationSection value, out string problem)
    {
        problem = "";
        var property = typeof(T).GetProperties().FirstOrDefault(property => property.Name.Equals(value.Key, StringComparison.OrdinalIgnoreCase));
        if (property is null)
        {
            problem = $"{value.Path} is no option; known: {string.Join(", ", typeof(T).GetProperties().Select(known => known.Name))}.";
            return false;
        }

        try
        {
            property.SetValue(options, value.Get(property.PropertyType));
            return true;
        }
        catch (InvalidOperationException)
        {
            problem = $"{value.Path} is '{value.Value}'; expected {Describe(property.PropertyType)}.";
            return false;
        }
    }

    private static string Describe(Type type) =>
        type == typeof(int) ? "a whole number"
        : type == typeof(double) ? "a number"
        : type == typeof(bool) ? "true or false"
        : type == typeof(TimeSpan) ? "a time such as 00:00:02.5"
        : "a text";
}
