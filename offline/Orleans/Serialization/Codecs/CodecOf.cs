using System.Collections.Concurrent;
using System.Reflection;

namespace Orleans.Serialization;

/// <summary>The codec of a declared type, found at its first use.</summary>
internal static class CodecOf<T>
{
    private static Codec<T>? _instance;

    /// <exception cref="CodecNotFoundException">The type may not travel.</exception>
    public static Codec<T> Instance => _instance ??= CodecFactory.Create<T>();

    public static void Write(WireWriter writer, uint delta, T value) => Instance.Write(writer, delta, value);

    public static T Read(WireReader reader, WireTag tag) => Instance.Read(reader, tag);
}

/// <summary>The codec of a type that is known at run time only.</summary>
internal static class Codecs
{
    private static readonly ConcurrentDictionary<Type, Codec> Known = new();

    /// <exception cref="CodecNotFoundException">The type may not travel.</exception>
    public static Codec For(Type type) => Known.TryGetValue(type, out var known) ? known : Known.GetOrAdd(type, static it =>
        typeof(Codecs).GetMethod(nameof(Of), BindingFlags.Static | BindingFlags.NonPublic)!
            .MakeGenericMethod(it).CreateDelegate<Func<Codec>>()());

    private static Codec Of<T>() => CodecOf<T>.Instance;
}
