using System.Reflection;
using System.Runtime.CompilerServices;

namespace Orleans.Serialization;

/// <summary>Finds the way to copy a type: arrays, the collections of the base class library, and types that say how they travel.</summary>
internal static class CopierFactory
{
    private static readonly Dictionary<Type, string> Collections = new()
    {
        [typeof(List<>)] = nameof(CopyList),
        [typeof(Dictionary<,>)] = nameof(CopyDictionary),
        [typeof(HashSet<>)] = nameof(CopySet),
        [typeof(Queue<>)] = nameof(CopyQueue),
        [typeof(Stack<>)] = nameof(CopyStack),
        [typeof(SortedDictionary<,>)] = nameof(CopySortedDictionary),
        [typeof(ReadOnlyMemory<>)] = nameof(CopyReadOnlyMemory),
        [typeof(Memory<>)] = nameof(CopyMemory),
        [typeof(Nullable<>)] = nameof(CopyNullable),
    };

    /// <exception cref="CodecNotFoundException">The type may not travel.</exception>
    public static Func<T, CopyContext, T> Create<T>()
    {
        var type = typeof(T);
        // Of an object nobody can change anything.
        if (type == typeof(object)) return static (_, _) => (T)new object();
        if (type.IsSZArray) return Bind<T>(nameof(CopyArray), type.GetElementType()!);
        if (type.IsArray && CopyRules.IsShallow(type.GetElementType()!)) return static (value, _) => (T)((Array)(object)value!).Clone();
        if (type.IsGenericType)
        {
            var open = type.GetGenericTypeDefinition();
            if (Collections.TryGetValue(open, out var name)) return Bind<T>(name, type.GetGenericArguments());
            if (open == typeof(KeyValuePair<,>) || typeof(ITuple).IsAssignableFrom(type)) return MemberCopier.Create<T>(MemberCopier.AllFields(type));
        }

        if (type.IsDefined(typeof(GenerateSerializerAttribute), inherit: false)) return MemberCopier.Create<T>(TravellingMembers.Of(type));
        throw new CodecNotFoundException(
            $"Could not find a copier for type {type}: expected a primitive, an array, a list, a dictionary, a set, a tuple, "
            + "a type with [GenerateSerializer], or one with [Immutable].");
    }

    private static Func<T, CopyContext, T> Bind<T>(string name, params Type[] types) =>
        typeof(CopierFactory).GetMethod(name, BindingFlags.Static | BindingFlags.NonPublic)!
            .MakeGenericMethod(types).CreateDelegate<Func<T, CopyContext, T>>();

    private static T[] CopyArray<T>(T[] value, CopyContext context)
    {
        if (value.Length == 0) return value;
        if (Copier<T>.IsShallow) return Recorded(value, (T[])value.Clone(), context);
        var copy = Recorded(value, new T[value.Length], context);
        for (var index = 0; index < value.Length; index++) copy[index] = Copier<T>.Copy(value[index], context);
        return copy;
    }

    private static List<T> CopyList<T>(List<T> value, CopyContext context)
    {
        if (Copier<T>.IsShallow) return Recorded(value, new List<T>(value), context);
        var copy = Recorded(value, new List<T>(value.Count), context);
        foreach (var item in value) copy.Add(Copier<T>.Copy(item, context));
        return copy;
    }

    private static Dictionary<TKey, TValue> CopyDictionary<TKey, TValue>(Dictionary<TKey, TValue> value, CopyContext context)
        where TKey : notnull
    {
        var copy = Recorded(value, new Dictionary<TKey, TValue>(value.Count, value.Comparer), context);
        foreach (var (key, item) in value) copy.Add(Copier<TKey>.Copy(key, context), Copier<TValue>.Copy(item, context));
        return copy;
    }

    private static SortedDictionary<TKey, TValue> CopySortedDictionary<TKey, TValue>(SortedDictionary<TKey, TValue> value, CopyContext context)
        where TKey : notnull
    {
        var copy = Recorded(value, new SortedDictionary<TKey, TValue>(value.Comparer), context);
        foreach (var (key, item) in value) copy.Add(Copier<TKey>.Copy(key, context), Copier<TValue>.Copy(item, context));
        return copy;
    }

    private static HashSet<T> CopySet<T>(HashSet<T> value, CopyContext context)
    {
        var copy = Recorded(value, new HashSet<T>(value.Count, value.Comparer), context);
        foreach (var item in value) copy.Add(Copier<T>.Copy(item, context));
        return copy;
    }

    private static Queue<T> CopyQueue<T>(Queue<T> value, CopyContext context)
    {
        var copy = Recorded(value, new Queue<T>(value.Count), context);
        foreach (var item in value) copy.Enqueue(Copier<T>.Copy(item, context));
        return copy;
    }

    private static Stack<T> CopyStack<T>(Stack<T> value, CopyContext context)
    {
        var copy = Recorded(value, new Stack<T>(value.Count), context);
        foreach (var item in value.Reverse()) copy.Push(Copier<T>.Copy(item, context));
        return copy;
    }

    private static ReadOnlyMemory<T> CopyReadOnlyMemory<T>(ReadOnlyMemory<T> value, CopyContext context) => CopyItems(value.Span, context);

    private static Memory<T> CopyMemory<T>(Memory<T> value, CopyContext context) => CopyItems(value.Span, context);

    private static T? CopyNullable<T>(T? value, CopyContext context) where T : struct =>
        value is { } some ? Copier<T>.Copy(some, context) : null;

    private static T[] CopyItems<T>(ReadOnlySpan<T> value, CopyContext context)
    {
        var copy = value.ToArray();
        if (!Copier<T>.IsShallow)
            for (var index = 0; index < copy.Length; index++) copy[index] = Copier<T>.Copy(copy[index], context);
        return copy;
    }

    private static TCollection Recorded<TCollection>(TCollection original, TCollection copy, CopyContext context)
        where TCollection : class
    {
        context.Record(original, copy);
        return copy;
    }
}
