namespace Orleans.Runtime;

/// <summary>Finds the grain class behind an interface.</summary>
internal interface IGrainTypeResolver
{
    /// <exception cref="ArgumentException">No class, or more than one, implements the interface.</exception>
    GrainType Resolve(Type interfaceType, string? classNamePrefix);
}

/// <summary>The grain classes that a silo hosts.</summary>
internal sealed class GrainClasses
{
    private readonly Dictionary<GrainType, GrainClass> _byType = [];

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

    /// <summary>What other silos and clients are told.</summary>
    public IReadOnlyList<ClassDescription> Describe() => [.. _byType.Values.Select(it => it.Describe())];

    public override string ToString() => _byType.Count == 0 ? "no class" : string.Join(", ", _byType.Keys.Order());
}
