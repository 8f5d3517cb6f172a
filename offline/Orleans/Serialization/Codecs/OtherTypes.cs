using System.Net;
using Orleans.Runtime;

namespace Orleans.Serialization;

/// <summary>Values whose type is not the one their place says.</summary>
internal static class OtherTypes
{
    /// <summary>Writes a value with the token of its own type.</summary>
    /// <exception cref="CodecNotFoundException">That type may not travel.</exception>
    public static void WriteOther(this WireWriter writer, uint delta, object value)
    {
        var type = WireTypeOf(value);
        var codec = Codecs.For(type);
        // Plain objects have no token of their own where nothing is said.
        if (type != typeof(object)) writer.Announce(type);
        codec.WriteBoxed(writer, delta, value);
    }

    /// <summary>Reads a value that tells its type, which must be known here and fit.</summary>
    /// <exception cref="WireFormatException">It is not registered, or no <typeparamref name="T"/>.</exception>
    public static T ReadOther<T>(this WireReader reader, WireTag tag)
        where T : class
    {
        var type = reader.Types.ReadToken(reader);
        if (!Fits(typeof(T), type)) throw new WireFormatException("a value", $"a {typeof(T)}", $"a {type}");
        return CodecFor(type).ReadBoxed(reader, tag.Untyped) as T
            ?? throw new WireFormatException("a value", $"a {typeof(T)}", $"a {type}");
    }

    /// <summary>The type by which a value's type is known on the wire: the runtime's own classes hide behind public ones.</summary>
    public static Type WireTypeOf(object value) => value switch
    {
        GrainReference => typeof(GrainReference),
        Exception => typeof(Exception),
        IPAddress => typeof(IPAddress),
        _ => value.GetType(),
    };

    private static Codec CodecFor(Type type)
    {
        try
        {
            return Codecs.For(type);
        }
        catch (CodecNotFoundException exception)
        {
            throw new WireFormatException("a value", "a type that travels", exception);
        }
    }

    // Of references and exceptions the wire says the base type only; what they are shows when they are made.
    private static bool Fits(Type place, Type type) =>
        place.IsAssignableFrom(type) || type == typeof(GrainReference) || (type == typeof(Exception) && typeof(Exception).IsAssignableFrom(place));
}
