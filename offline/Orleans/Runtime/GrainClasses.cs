using System.Collections.Concurrent;

namespace Orleans.Runtime;

/// <summary>Finds the grain class behind an interface.</summary>
internal interface IGrainTypeResolver
{
    /// <exception cref="ArgumentException">No class, or more than one, implements the interface.</exception>
    GrainType Resolve(Type interfaceType, string? classNamePrefix);
}

/// <summary>The grain classes that a silo hosts.</summary>
internal sealed class GrainClasses : IGrainTypeResolver
{
    private readonly Dictionary<GrainType, GrainClass> _byType = [];
    private readonly ConcurrentDictionary<Type, GrainType> _resolved = new();

    public GrainClasses(IEnumerable<GrainClass> classes)
    {
        foreach (var hosted in classes)
        {
            if (!_byType.TryAdd(hosted.GrainType, hosted))
            {
                throw new OrleansConfigurationException(
                    $"Grain classes {_byType[hosted.GrainType]} and {hosted} have the same grain type \"{hosted.GrainType}\"; "
                    + $"give one of them a [{nameof(GrainTypeAttribute)}].");
            }
        }
    }

    public GrainClass? Find(GrainType type) => _byType.GetValueOrDefault(type);

    public GrainType Resolve(Type interfaceType, string? classNamePrefix)
    {
        if (string.IsNullOrWhiteSpace(classNamePrefix))
            return _resolved.TryGetValue(interfaceType, out var known) ? known : _resolved.GetOrAdd(interfaceType, it => Search(it, null));
        return Search(interfaceType, classNamePrefix);
    }

    public override string ToString() => _byType.Count == 0 ? "no class" : string.Join(", ", _byType.Keys.Order());

    private GrainType Search(Type interfaceType, string? prefix)
    {
        var found = _byType.Values.Where(it => interfaceType.IsAssignableFrom(it.Type)
            && (prefix is null || it.Type.FullName!.StartsWith(prefix, StringComparison.Ordinal))).ToArray();
        // Of several the one that is named after the interface.
        var primary = found.Length == 1 ? found[0] : found.SingleOrDefault(it => prefix is null ? $"I{it.Type.Name}" == interfaceType.Name : it.Type.FullName == prefix);
        if (primary is not null) return primary.GrainType;
        throw new ArgumentException(found.Length == 0
            ? $"Could not find an implementation for interface {interfaceType}{(prefix is null ? "" : $" with class name prefix \"{prefix}\"")}. Hosted: {this}."
            : $"Unable to identify a single appropriate grain type for interface {interfaceType}. Candidates: {string.Join<GrainClass>(", ", found)}.");
    }
}
