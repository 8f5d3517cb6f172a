using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Net;
using System.Numerics;
using System.Reflection;
using Orleans.Runtime;

namespace Orleans.Serialization;

/// <summary>Which types need no copy.</summary>
internal static class CopyRules
{
    private static readonly HashSet<Type> Shallow =
    [
        typeof(string), typeof(decimal), typeof(DateTime), typeof(DateTimeOffset), typeof(TimeSpan), typeof(DateOnly), typeof(TimeOnly),
        typeof(Guid), typeof(Half), typeof(Int128), typeof(UInt128), typeof(BigInteger), typeof(Complex), typeof(Uri), typeof(Version),
        typeof(IPAddress), typeof(IPEndPoint), typeof(CancellationToken), typeof(GrainId), typeof(GrainType), typeof(GrainInterfaceType),
        typeof(IdSpan), typeof(SiloAddress), typeof(NoResult), typeof(NoArguments),
    ];

    private static readonly ConcurrentDictionary<Type, bool> Known = new();

    private static readonly MethodInfo CopyOpen = typeof(CopyRules).GetMethod(nameof(Copy), BindingFlags.Static | BindingFlags.NonPublic)!;

    /// <summary>Whether values of the type may be handed over as they are.</summary>
    public static bool IsShallow(Type type) => Known.GetOrAdd(type, static it => Decide(it));

    /// <summary>The method that copies a value of the type within a context.</summary>
    public static MethodInfo CopyMethodFor(Type type) => CopyOpen.MakeGenericMethod(type);

    private static T Copy<T>(T value, CopyContext context) => Copier<T>.Copy(value, context);

    private static bool Decide(Type type)
    {
        if (type.IsPrimitive || type.IsEnum || Shallow.Contains(type)) return true;
        if (type.IsDefined(typeof(ImmutableAttribute), inherit: false)) return true;
        // References carry no state of their own, exceptions are not changed once thrown, and a Type is a constant.
        if (typeof(GrainReference).IsAssignableFrom(type) || typeof(Exception).IsAssignableFrom(type) || typeof(Type).IsAssignableFrom(type)) return true;
        if (!type.IsGenericType) return false;
        var open = type.GetGenericTypeDefinition();
        if (open == typeof(Nullable<>) || open == typeof(ImmutableArray<>) || open == typeof(KeyValuePair<,>)
            || open.FullName!.StartsWith("System.ValueTuple`", StringComparison.Ordinal) || open.FullName.StartsWith("System.Tuple`", StringComparison.Ordinal))
        {
            return type.GetGenericArguments().All(IsShallow);
        }

        return false;
    }
}
