using System.Collections.Immutable;
using System.Net;
using System.Numerics;
using System.Reflection;
using System.Runtime.CompilerServices;
using Orleans.Runtime;

namespace Orleans.Serialization;

/// <summary>Finds the codec of a type: a closed set of the base class library, and types that say how they travel.</summary>
internal static class CodecFactory
{
    private static readonly Dictionary<Type, Func<Codec>> Exact = new()
    {
        [typeof(bool)] = static () => new BooleanCodec(),
        [typeof(sbyte)] = static () => new SignedCodec<sbyte>(),
        [typeof(short)] = static () => new SignedCodec<short>(),
        [typeof(int)] = static () => new SignedCodec<int>(),
        [typeof(long)] = static () => new SignedCodec<long>(),
        [typeof(nint)] = static () => new SignedCodec<nint>(),
        [typeof(byte)] = static () => new UnsignedCodec<byte>(),
        [typeof(ushort)] = static () => new UnsignedCodec<ushort>(),
        [typeof(uint)] = static () => new UnsignedCodec<uint>(),
        [typeof(ulong)] = static () => new UnsignedCodec<ulong>(),
        [typeof(nuint)] = static () => new UnsignedCodec<nuint>(),
        [typeof(char)] = static () => new UnsignedCodec<char>(),
        [typeof(float)] = static () => new SingleCodec(),
        [typeof(double)] = static () => new DoubleCodec(),
        [typeof(Half)] = static () => new RawCodec<Half>(),
        [typeof(Int128)] = static () => new RawCodec<Int128>(),
        [typeof(UInt128)] = static () => new RawCodec<UInt128>(),
        [typeof(Guid)] = static () => new RawCodec<Guid>(),
        [typeof(Complex)] = static () => new RawCodec<Complex>(),
        [typeof(decimal)] = static () => new DecimalCodec(),
        [typeof(BigInteger)] = static () => new BigIntegerCodec(),
        [typeof(DateTime)] = static () => new DateTimeCodec(),
        [typeof(DateTimeOffset)] = static () => new DateTimeOffsetCodec(),
        [typeof(TimeSpan)] = static () => new TimeSpanCodec(),
        [typeof(DateOnly)] = static () => new DateOnlyCodec(),
        [typeof(TimeOnly)] = static () => new TimeOnlyCodec(),
        [typeof(string)] = static () => new StringCodec(),
        [typeof(Uri)] = static () => TextForms.Uri,
        [typeof(Version)] = static () => TextForms.Version,
        [typeof(IPAddress)] = static () => TextForms.Address,
        [typeof(IPEndPoint)] = static () => TextForms.EndPoint,
        [typeof(SiloAddress)] = static () => TextForms.Silo,
        [typeof(IdSpan)] = static () => new IdSpanCodec(),
        [typeof(GrainType)] = Fields<GrainType>,
        [typeof(GrainInterfaceType)] = Fields<GrainInterfaceType>,
        [typeof(GrainId)] = Fields<GrainId>,
        [typeof(byte[])] = static () => new ByteArrayCodec(),
        [typeof(ReadOnlyMemory<byte>)] = static () => new ReadOnlyByteMemoryCodec(),
        [typeof(Memory<byte>)] = static () => new ByteMemoryCodec(),
        [typeof(ArraySegment<byte>)] = static () => new ByteSegmentCodec(),
        [typeof(object)] = static () => new AnyCodec<object>(),
    };

    private static readonly Dictionary<Type, Type> Open = new()
    {
        [typeof(Nullable<>)] = typeof(NullableCodec<>),
        [typeof(Queue<>)] = typeof(QueueCodec<>),
        [typeof(Stack<>)] = typeof(StackCodec<>),
        [typeof(Dictionary<,>)] = typeof(DictionaryCodec<,>),
        [typeof(SortedDictionary<,>)] = typeof(SortedDictionaryCodec<,>),
        [typeof(HashSet<>)] = typeof(SetCodec<>),
        [typeof(ImmutableArray<>)] = typeof(ImmutableArrayCodec<>),
    };

    /// <exception cref="CodecNotFoundException">The type may not travel.</exception>
    public static Codec<T> Create<T>() => (Codec<T>)Create(typeof(T));

    private static Codec Create(Type type)
    {
        if (Exact.TryGetValue(type, out var exact)) return exact();
        if (type.IsEnum) return Make(typeof(EnumCodec<,>), [type, type.GetEnumUnderlyingType()], Codecs.For(type.GetEnumUnderlyingType()));
        if (typeof(Exception).IsAssignableFrom(type)) return Make(typeof(ExceptionCodec<>), [type]);
        if (typeof(GrainReference).IsAssignableFrom(type) || (type.IsInterface && typeof(IAddressable).IsAssignableFrom(type)))
            return Make(typeof(GrainReferenceCodec<>), [type]);
        if (type.IsSZArray)
        {
            var item = type.GetElementType()!;
            return Make(Bulk.Takes(item) ? typeof(BulkArrayCodec<>) : typeof(ArrayCodec<>), [item]);
        }

        if (type.IsGenericType && CreateGeneric(type, type.GetGenericTypeDefinition(), type.GetGenericArguments()) is { } generic) return generic;
        if (!type.IsAbstract && type.IsDefined(typeof(GenerateSerializerAttribute), inherit: false)) return OfMembers(type, TravellingMembers.Of(type));
        // Others may stand for something that travels.
        if (!type.IsValueType && !type.IsSealed && !type.IsArray && !type.IsPointer) return Make(typeof(AnyCodec<>), [type]);
        throw NotFound(type);
    }

    private static Codec? CreateGeneric(Type type, Type open, Type[] arguments)
    {
        if (open == typeof(List<>)) return Make(Bulk.Takes(arguments[0]) ? typeof(BulkListCodec<>) : typeof(ListCodec<>), arguments);
        if (open == typeof(ReadOnlyMemory<>) && Bulk.Takes(arguments[0])) return Make(typeof(BulkReadOnlyMemoryCodec<>), arguments);
        if (open == typeof(Memory<>) && Bulk.Takes(arguments[0])) return Make(typeof(BulkMemoryCodec<>), arguments);
        if (Open.TryGetValue(open, out var codec)) return Make(codec, arguments);
        return open == typeof(KeyValuePair<,>) || typeof(ITuple).IsAssignableFrom(type) ? OfMembers(type, MemberCopier.AllFields(type)) : null;
    }

    private static Codec OfMembers(Type type, List<TravellingMember> members) =>
        Make(type.IsValueType ? typeof(StructCodec<>) : typeof(ClassCodec<>), [type], members);

    private static StructCodec<T> Fields<T>()
        where T : struct => new(MemberCopier.AllFields(typeof(T)));

    private static Codec Make(Type open, Type[] arguments, params object[] parameters) =>
        (Codec)Activator.CreateInstance(open.MakeGenericType(arguments), BindingFlags.Public | BindingFlags.Instance | BindingFlags.DoNotWrapExceptions, null, parameters, null)!;

    public static CodecNotFoundException NotFound(Type type) => new(
        $"Could not find a codec for type {type}: expected a primitive, an array, a list, a dictionary, a set, a tuple, "
        + "or a type with [GenerateSerializer].");
}
