using System.Buffers;
using System.Collections.Concurrent;

namespace Orleans.Serialization;

/// <summary>
/// Tokens: how a value tells its own type where its place says another. One byte is a type of <see cref="KnownTypes"/>; a registered
/// type is the hash of its name; generic types and arrays are followed by the tokens of their parts.
/// </summary>
internal sealed partial class WireTypes
{
    private const int MostNesting = 8;
    private const int MostArguments = 8;

    // A type made for a token lives as long as the process, and tokens come from others.
    private const int MostConstructed = 4096;

    private readonly ConcurrentDictionary<Type, byte[]> _tokens = new();
    private readonly ConcurrentDictionary<TypeParts, Type> _constructed = new();

    /// <summary>The token of a type.</summary>
    /// <exception cref="CodecNotFoundException">The type is not registered.</exception>
    public byte[] TokenOf(Type type)
    {
        if (_tokens.TryGetValue(type, out var known)) return known;
        var token = new ArrayBufferWriter<byte>();
        Build(token, type);
        return _tokens.GetOrAdd(type, token.WrittenSpan.ToArray());
    }

    /// <summary>Reads a token.</summary>
    /// <exception cref="WireFormatException">It is not the token of a type that is known here and has values.</exception>
    public Type ReadToken(WireReader reader) => ReadToken(reader, 0);

    /// <summary>Passes over a token, of whatever types.</summary>
    public void SkipToken(WireReader reader) => SkipToken(reader, 0);

    private void Build(ArrayBufferWriter<byte> token, Type type)
    {
        if (type.IsSZArray)
        {
            Put(token, KnownTypes.Array);
            Build(token, type.GetElementType()!);
            return;
        }

        var arguments = type.IsGenericType ? type.GetGenericArguments() : [];
        var definition = type.IsGenericType ? type.GetGenericTypeDefinition() : type;
        if (KnownTypes.TryGetNumber(definition, out var number))
        {
            Put(token, number);
        }
        else
        {
            var id = WireNames.IdOf(definition);
            if (!_registered.TryGetValue(id, out var registered) || registered != definition) throw CodecFactory.NotFound(type);
            Put(token, arguments.Length == 0 ? KnownTypes.Registered : KnownTypes.RegisteredGeneric);
            BitConverter.TryWriteBytes(token.GetSpan(sizeof(ulong)), id);
            token.Advance(sizeof(ulong));
            if (arguments.Length > 0) Put(token, (byte)arguments.Length);
        }

        foreach (var argument in arguments) Build(token, argument);
    }

    private Type ReadToken(WireReader reader, int nesting)
    {
        CheckNesting(nesting);
        var number = reader.ReadByte();
        switch (number)
        {
            case KnownTypes.Array:
                return Construct(typeof(Array), [ReadToken(reader, nesting + 1)]);
            case KnownTypes.Registered:
                return FindRegistered(reader.ReadUInt64(), 0, nesting);
            case KnownTypes.RegisteredGeneric:
                var id = reader.ReadUInt64();
                var count = ReadArgumentCount(reader);
                return ReadArguments(reader, FindRegistered(id, count, nesting), nesting);
            default:
                var known = KnownTypes.Find(number) ?? throw new WireFormatException("the token of a type", "one that is known", $"{number}");
                return known.IsGenericTypeDefinition ? ReadArguments(reader, known, nesting) : known;
        }
    }

    private Type FindRegistered(ulong id, int arguments, int nesting)
    {
        if (!_registered.TryGetValue(id, out var type)) throw new WireFormatException("the token of a type", "a registered type", $"number {id:x16}");
        var count = type.IsGenericTypeDefinition ? type.GetGenericArguments().Length : 0;
        if (count != arguments) throw new WireFormatException($"the token of {type}", $"{count} arguments", $"{arguments}");
        // As an argument of another type, a class without values of its own is sound.
        return nesting > 0 || !type.IsAbstract ? type : throw new WireFormatException("the token of a type", "a type that has values", $"{type}");
    }

    private Type ReadArguments(WireReader reader, Type definition, int nesting)
    {
        var arguments = new Type[definition.GetGenericArguments().Length];
        for (var index = 0; index < arguments.Length; index++) arguments[index] = ReadToken(reader, nesting + 1);
        return Construct(definition, arguments);
    }

    private Type Construct(Type definition, Type[] arguments)
    {
        var parts = new TypeParts(definition, arguments);
        if (_constructed.TryGetValue(parts, out var known)) return known;
        if (_constructed.Count >= MostConstructed) throw new WireFormatException("the token of a type", $"at most {MostConstructed} constructed types", "more");
        try
        {
            return _constructed.GetOrAdd(parts, definition == typeof(Array) ? arguments[0].MakeArrayType() : definition.MakeGenericType(arguments));
        }
        catch (Exception exception) when (exception is ArgumentException or TypeLoadException)
        {
            throw new WireFormatException("the token of a type", $"arguments that {definition} takes", exception);
        }
    }

    private static void SkipToken(WireReader reader, int nesting)
    {
        CheckNesting(nesting);
        var number = reader.ReadByte();
        if (number is KnownTypes.Registered or KnownTypes.RegisteredGeneric) reader.ReadUInt64();
        var count = number switch
        {
            KnownTypes.Array => 1,
            KnownTypes.Registered => 0,
            KnownTypes.RegisteredGeneric => ReadArgumentCount(reader),
            _ => KnownTypes.Find(number) is { IsGenericTypeDefinition: true } open ? open.GetGenericArguments().Length : 0,
        };
        for (; count > 0; count--) SkipToken(reader, nesting + 1);
    }

    private static int ReadArgumentCount(WireReader reader)
    {
        var count = reader.ReadByte();
        return count is > 0 and <= MostArguments ? count : throw new WireFormatException("the token of a type", $"1 to {MostArguments} arguments", $"{count}");
    }

    private static void CheckNesting(int nesting)
    {
        if (nesting > MostNesting) throw new WireFormatException("the token of a type", $"a depth of at most {MostNesting}", "more");
    }

    private static void Put(ArrayBufferWriter<byte> token, byte value)
    {
        token.GetSpan(1)[0] = value;
        token.Advance(1);
    }

    // Equal where all parts are.
    private readonly struct TypeParts(Type definition, Type[] arguments) : IEquatable<TypeParts>
    {
        private readonly Type _definition = definition;
        private readonly Type[] _arguments = arguments;

        public bool Equals(TypeParts other) => _definition == other._definition && _arguments.AsSpan().SequenceEqual(other._arguments);

        public override bool Equals(object? obj) => obj is TypeParts other && Equals(other);

        public override int GetHashCode()
        {
            var hash = default(HashCode);
            hash.Add(_definition);
            foreach (var argument in _arguments) hash.Add(argument);
            return hash.ToHashCode();
        }
    }
}
