using System.Text.Json;
using System.Text.Json.Serialization;

namespace OrleansContrastive.Learning.Methods.Frame;

/// <summary>A method under its name.</summary>
public sealed class MethodEntry
{
    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };

    private readonly Func<MethodContext, string, IContrastiveMethod> _create;

    private MethodEntry(string name, string about, IReadOnlyList<string> options, Func<MethodContext, string, IContrastiveMethod> create) =>
        (Name, About, Options, _create) = (name, about, options, create);

    /// <summary>What it is called on the command line, such as <c>moco-v2</c>.</summary>
    public string Name { get; }

    /// <summary>One line: what it is and where it comes from.</summary>
    public string About { get; }

    /// <summary>Names of the options of its own.</summary>
    public IReadOnlyList<string> Options { get; }

    /// <summary>Values of a recipe that this method usually has, by key: a preset and the command line override them.</summary>
    public IReadOnlyDictionary<string, object> Defaults { get; private init; } = new Dictionary<string, object>();

    /// <summary>An entry.</summary>
    /// <typeparam name="TOptions">Options of the method's own: a record whose properties all have defaults.</typeparam>
    /// <param name="name">What it is called on the command line.</param>
    /// <param name="about">One line.</param>
    /// <param name="create">Makes the method.</param>
    /// <param name="defaults">Values of a recipe, by key: texts, numbers, arrays.</param>
    public static MethodEntry Of<TOptions>(
        string name, string about, Func<MethodContext, TOptions, IContrastiveMethod> create, Dictionary<string, object>? defaults = null)
        where TOptions : class, new() =>
        new(name, about, [.. typeof(TOptions).GetProperties().Where(property => property.SetMethod is not null).Select(property => JsonNamingPolicy.CamelCase.ConvertName(property.Name))],
            (context, json) => create(context, Read<TOptions>(name, json)))
        {
            Defaults = defaults ?? [],
        };

    /// <summary>Makes the method.</summary>
    /// <param name="context">Constants of the run.</param>
    /// <param name="options">Options of its own, a JSON object; empty = the defaults.</param>
    /// <exception cref="ArgumentException">An option is not known, or a value is out of range.</exception>
    public IContrastiveMethod Create(MethodContext context, string options = "") => _create(context, options);

    private static TOptions Read<TOptions>(string name, string json) where TOptions : class, new()
    {
        if (json.Length == 0) return new();
        try
        {
            return JsonSerializer.Deserialize<TOptions>(json, Json) ?? new();
        }
        catch (JsonException exception)
        {
            throw new ArgumentException($"The options of method '{name}' cannot be read: {exception.Message} Found {json}.", exception);
        }
    }
}

/// <summary>A method has no options of its own.</summary>
public sealed record NoOptions;
