using System.Collections.Concurrent;
using System.Reflection;
using Orleans.Serialization;

namespace Orleans.Runtime;

/// <summary>A grain interface with its methods and the class of its references; made once per process.</summary>
internal sealed class GrainInterface
{
    private static readonly ConcurrentDictionary<Type, Lazy<GrainInterface>> Known = new();

    private readonly Func<GrainInterface, CallSender, GrainId, GrainReference> _create;

    private GrainInterface(Type type)
    {
        if (!type.IsInterface || !typeof(IAddressable).IsAssignableFrom(type))
            throw new ArgumentException($"Expected an interface that extends {nameof(IGrain)}, found {type}.");
        Type = type;
        Name = WireNames.NameOf(type);
        var methods = new[] { type }.Concat(type.GetInterfaces())
            .SelectMany(declaring => declaring.GetMethods(BindingFlags.Instance | BindingFlags.Public))
            .Where(method => method.IsAbstract)
            .Select(GrainMethod.Of).ToArray();
        _create = ProxyEmitter.Emit(type, methods);
    }

    public Type Type { get; }

    public GrainInterfaceType Name { get; }

    public static GrainInterface Of(Type type) =>
        Known.GetOrAdd(type, static it => new Lazy<GrainInterface>(() => new GrainInterface(it))).Value;

    public GrainReference CreateReference(CallSender sender, GrainId id) => _create(this, sender, id);
}

/// <summary>The same, found without a look-up.</summary>
internal static class GrainInterface<T>
{
    // Not a static constructor, which would wrap the reason of a refusal.
    public static GrainInterface Instance => field ??= GrainInterface.Of(typeof(T));
}
