using System.Reflection;
using Orleans.Hosting;
using Orleans.Runtime;

namespace Orleans.Serialization;

/// <summary>
/// What may be made of bytes: the types of the application's assemblies that say how they travel, their grain interfaces, a closed
/// set of the base class library, and known exceptions. Names that come over the wire are looked up here and nowhere else.
/// Safe for threads.
/// </summary>
internal sealed partial class WireTypes
{
    private readonly Dictionary<ulong, Type> _registered = [];
    private readonly Dictionary<GrainInterfaceType, Type> _interfaces = [];
    private readonly Dictionary<ulong, MethodInfo> _methods = [];
    private readonly Dictionary<string, Lazy<ExceptionKind>> _exceptions = [];

    /// <summary>Registers what is found in the assemblies; this one's own types always are.</summary>
    /// <exception cref="OrleansConfigurationException">Two types, interfaces or methods have one name.</exception>
    public WireTypes(IEnumerable<Assembly> assemblies)
        : this(assemblies.Append(typeof(WireTypes).Assembly).Distinct().SelectMany(GrainTypeDiscovery.TypesOf)) { }

    /// <summary>Registers those of the types that say how they travel, and the grain interfaces.</summary>
    /// <exception cref="OrleansConfigurationException">Two types, interfaces or methods have one name.</exception>
    public WireTypes(IEnumerable<Type> types)
    {
        foreach (var type in types)
        {
            if (type.IsDefined(typeof(GenerateSerializerAttribute), inherit: false))
            {
                Add(_registered, WireNames.IdOf(type), type, type.FullName!);
                if (KnownExceptions.IsUsable(type)) _exceptions[type.FullName!] = new Lazy<ExceptionKind>(() => ExceptionKind.Of(type));
            }

            if (!type.IsInterface || type.IsGenericTypeDefinition || !typeof(IAddressable).IsAssignableFrom(type)) continue;
            Add(_interfaces, WireNames.NameOf(type), type, type.FullName!);
            foreach (var method in type.GetMethods(BindingFlags.Instance | BindingFlags.Public | BindingFlags.DeclaredOnly))
            {
                if (method.IsAbstract && !method.IsGenericMethodDefinition)
                    Add(_methods, WireNames.IdOf(method), method, $"{type.FullName}.{method.Name}");
            }
        }
    }

    /// <summary>The grain interface of a name, or null.</summary>
    public Type? FindInterface(GrainInterfaceType name) => _interfaces.GetValueOrDefault(name);

    /// <summary>The type of exceptions of a name, or null.</summary>
    public ExceptionKind? FindException(string name) => _exceptions.TryGetValue(name, out var kind) ? kind.Value : KnownExceptions.Find(name);

    /// <summary>The method of a number.</summary>
    /// <exception cref="WireFormatException">No registered grain interface has it.</exception>
    public GrainMethod FindMethod(ulong id)
    {
        if (!_methods.TryGetValue(id, out var method))
            throw new WireFormatException("a request", "a method of a grain interface that is known here", $"number {id:x16}");
        try
        {
            return GrainMethod.Of(method);
        }
        catch (NotSupportedException exception)
        {
            throw new WireFormatException("a request", "a method that can be called", exception);
        }
    }

    private static void Add<TKey, TValue>(Dictionary<TKey, TValue> known, TKey key, TValue value, string name)
        where TKey : notnull
        where TValue : MemberInfo
    {
        if (known.TryAdd(key, value) || known[key].Equals(value)) return;
        throw new OrleansConfigurationException(
            $"{name} and {known[key].DeclaringType?.FullName}{(known[key].DeclaringType is null ? "" : ".")}{known[key].Name} have one name "
            + $"on the wire; give one of them another [{nameof(AliasAttribute)}].");
    }
}

/// <summary>The names that types, interfaces and methods have on the wire: an alias outlives renames in the code.</summary>
internal static class WireNames
{
    public static GrainInterfaceType NameOf(Type type) => GrainInterfaceType.Create(TextOf(type));

    public static ulong IdOf(Type type) => WireHash.Of(TextOf(type));

    public static ulong IdOf(MethodInfo method) => WireHash.Of($"{TextOf(method.DeclaringType!)}/{AliasOf(method) ?? Signature(method)}");

    private static string TextOf(Type type) => AliasOf(type) ?? type.FullName ?? type.Name;

    private static string? AliasOf(MemberInfo member) => member.GetCustomAttributes<AliasAttribute>(inherit: false).FirstOrDefault()?.Alias;

    private static string Signature(MethodInfo method) =>
        $"{method.Name}({string.Join(',', method.GetParameters().Select(parameter => parameter.ParameterType.ToString()))})";
}
