using System.Collections.Concurrent;
using System.Reflection;

namespace Orleans.Serialization;

/// <summary>
/// Copies values of one declared type. The way is found at the first copy and kept; a value whose own type differs from the
/// declared one is copied by its own.
/// </summary>
internal static class Copier<T>
{
    private static Func<T, CopyContext, T>? _exact;

    /// <summary>Whether values are handed over as they are.</summary>
    public static bool IsShallow { get; } = CopyRules.IsShallow(typeof(T));

    /// <exception cref="CodecNotFoundException">The value's type may not travel.</exception>
    public static T Copy(T value, CopyContext context)
    {
        if (IsShallow || value is null) return value;
        if (typeof(T).IsValueType) return Exact(value, context);
        var type = value.GetType();
        if (type != typeof(T) && CopyRules.IsShallow(type)) return value;
        if (context.TryGet(value, out var known)) return known;
        return type == typeof(T) ? Exact(value, context) : (T)AnyCopier.Copy(value, type, context);
    }

    internal static T Exact(T value, CopyContext context) => (_exact ??= CopierFactory.Create<T>())(value, context);
}

/// <summary>Copies values by the type they have.</summary>
internal static class AnyCopier
{
    private static readonly ConcurrentDictionary<Type, Func<object, CopyContext, object>> Known = new();

    public static object Copy(object value, Type type, CopyContext context) => Known.GetOrAdd(type, static it =>
        typeof(AnyCopier).GetMethod(nameof(CopyAs), BindingFlags.Static | BindingFlags.NonPublic)!
            .MakeGenericMethod(it).CreateDelegate<Func<object, CopyContext, object>>())(value, context);

    private static object CopyAs<T>(object value, CopyContext context) => Copier<T>.Exact((T)value, context)!;
}
