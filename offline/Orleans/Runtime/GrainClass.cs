using System.Collections.Concurrent;
using System.Reflection;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Configuration;
using Orleans.Placement;
using Orleans.Serialization;

namespace Orleans.Runtime;

/// <summary>What is known of a grain class that this silo hosts.</summary>
internal sealed class GrainClass
{
    private readonly ConcurrentDictionary<MethodInfo, MethodInfo> _implementations = new();
    private readonly ObjectFactory _factory;
    private readonly ParameterInfo[] _states;

    public GrainClass(Type type, GrainCollectionOptions collection)
    {
        Type = type;
        GrainType = type.GetCustomAttribute<GrainTypeAttribute>()?.Type ?? GrainType.Create(NameOf(type));
        Interfaces = [.. type.GetInterfaces().Where(it => typeof(IGrain).IsAssignableFrom(it) && !IsMarker(it)).OrderBy(it => it.FullName, StringComparer.Ordinal)];
        FiltersItself = typeof(IIncomingGrainCallFilter).IsAssignableFrom(type);
        var limit = type.GetCustomAttribute<CollectionAgeLimitAttribute>();
        KeepAlive = type.IsDefined(typeof(KeepAliveAttribute)) || limit is { AlwaysActive: true };
        CollectionAge = limit is { AlwaysActive: false } ? limit.AgeLimit
            : collection.ClassSpecificCollectionAge.TryGetValue(type.FullName!, out var age) ? age : collection.CollectionAge;
        Placement = type.GetCustomAttribute<PlacementAttribute>()?.PlacementStrategy ?? RandomPlacement.Singleton;
        _states = [.. Constructor(type).GetParameters().Where(parameter => parameter.IsDefined(typeof(PersistentStateAttribute)))];
        _factory = ActivatorUtilities.CreateFactory(type, [.. _states.Select(parameter => parameter.ParameterType)]);
    }

    public Type Type { get; }

    public GrainType GrainType { get; }

    public Type[] Interfaces { get; }

    public bool FiltersItself { get; }

    public bool KeepAlive { get; }

    public TimeSpan CollectionAge { get; }

    public PlacementStrategy Placement { get; }

    /// <summary>What other silos and clients are told of it.</summary>
    public ClassDescription Describe() =>
        new(GrainType, Type.FullName!, Placement is PreferLocalPlacement, [.. Interfaces.Select(it => WireNames.NameOf(it).ToString())]);

    /// <summary>Whether a type is a class that can be hosted.</summary>
    public static bool IsGrainClass(Type type) =>
        type is { IsClass: true, IsAbstract: false, IsGenericTypeDefinition: false }
        && (typeof(IGrain).IsAssignableFrom(type) || typeof(IGrainBase).IsAssignableFrom(type))
        && !typeof(GrainReference).IsAssignableFrom(type)
        && type.GetInterfaces().Any(it => typeof(IGrain).IsAssignableFrom(it) && !IsMarker(it));

    /// <summary>Creates the instance for an activation, from its services and states.</summary>
    public object CreateInstance(Activation activation) => _factory(
        activation.ActivationServices, [.. _states.Select(parameter => (object)PersistentState.Create(activation, parameter))]);

    /// <summary>The method of the class that implements a method of an interface.</summary>
    public MethodInfo ImplementationOf(MethodInfo method) => _implementations.GetOrAdd(method, it =>
    {
        if (it.DeclaringType is not { } declaring || !declaring.IsAssignableFrom(Type)) return it;
        var map = Type.GetInterfaceMap(declaring);
        return map.TargetMethods[Array.IndexOf(map.InterfaceMethods, it)];
    });

    public override string ToString() => Type.FullName!;

    private static bool IsMarker(Type type) => type == typeof(IGrain) || type == typeof(IGrainWithStringKey);

    private static ConstructorInfo Constructor(Type type)
    {
        var all = type.GetConstructors();
        return all.FirstOrDefault(it => it.IsDefined(typeof(ActivatorUtilitiesConstructorAttribute)))
            ?? all.MaxBy(it => it.GetParameters().Length)
            ?? throw new OrleansConfigurationException($"Grain class {type} has no public constructor.");
    }

    private static string NameOf(Type type)
    {
        var name = type.Name.ToLowerInvariant();
        const string Suffix = "grain";
        return name.Length > Suffix.Length && name.EndsWith(Suffix, StringComparison.Ordinal) ? name[..^Suffix.Length] : name;
    }
}
