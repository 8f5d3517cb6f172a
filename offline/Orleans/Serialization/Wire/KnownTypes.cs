using System.Collections.Immutable;
using System.Net;
using System.Numerics;
using Orleans.Runtime;

namespace Orleans.Serialization;

/// <summary>
/// The types of the base class library that a value may tell as its own, by number. Numbers are part of the format: they are never
/// given again.
/// </summary>
internal static class KnownTypes
{
    /// <summary>A registered type follows as its hash.</summary>
    public const byte Registered = 0;

    /// <summary>A registered generic type follows as its hash, the number of its arguments and these.</summary>
    public const byte RegisteredGeneric = 1;

    /// <summary>An array; its item's type follows.</summary>
    public const byte Array = 2;

    private static readonly Dictionary<byte, Type> Types = new()
    {
        [10] = typeof(bool),
        [11] = typeof(sbyte),
        [12] = typeof(short),
        [13] = typeof(int),
        [14] = typeof(long),
        [15] = typeof(nint),
        [16] = typeof(byte),
        [17] = typeof(ushort),
        [18] = typeof(uint),
        [19] = typeof(ulong),
        [20] = typeof(nuint),
        [21] = typeof(char),
        [22] = typeof(float),
        [23] = typeof(double),
        [24] = typeof(Half),
        [25] = typeof(Int128),
        [26] = typeof(UInt128),
        [27] = typeof(Guid),
        [28] = typeof(Complex),
        [29] = typeof(decimal),
        [30] = typeof(BigInteger),
        [31] = typeof(DateTime),
        [32] = typeof(DateTimeOffset),
        [33] = typeof(TimeSpan),
        [34] = typeof(DateOnly),
        [35] = typeof(TimeOnly),
        [36] = typeof(string),
        [37] = typeof(Uri),
        [38] = typeof(Version),
        [39] = typeof(IPAddress),
        [40] = typeof(IPEndPoint),
        [41] = typeof(SiloAddress),
        [42] = typeof(IdSpan),
        [43] = typeof(GrainType),
        [44] = typeof(GrainInterfaceType),
        [45] = typeof(GrainId),
        [46] = typeof(GrainReference),
        [47] = typeof(Exception),
        [48] = typeof(object),
        [60] = typeof(List<>),
        [61] = typeof(Queue<>),
        [62] = typeof(Stack<>),
        [63] = typeof(Dictionary<,>),
        [64] = typeof(SortedDictionary<,>),
        [65] = typeof(HashSet<>),
        [66] = typeof(ImmutableArray<>),
        [67] = typeof(Nullable<>),
        [68] = typeof(KeyValuePair<,>),
        [69] = typeof(ReadOnlyMemory<>),
        [70] = typeof(Memory<>),
        [71] = typeof(ArraySegment<>),
        [81] = typeof(ValueTuple<>),
        [82] = typeof(ValueTuple<,>),
        [83] = typeof(ValueTuple<,,>),
        [84] = typeof(ValueTuple<,,,>),
        [85] = typeof(ValueTuple<,,,,>),
        [86] = typeof(ValueTuple<,,,,,>),
        [87] = typeof(ValueTuple<,,,,,,>),
        [88] = typeof(ValueTuple<,,,,,,,>),
        [91] = typeof(Tuple<>),
        [92] = typeof(Tuple<,>),
        [93] = typeof(Tuple<,,>),
        [94] = typeof(Tuple<,,,>),
        [95] = typeof(Tuple<,,,,>),
        [96] = typeof(Tuple<,,,,,>),
        [97] = typeof(Tuple<,,,,,,>),
        [98] = typeof(Tuple<,,,,,,,>),
    };

    private static readonly Dictionary<Type, byte> Numbers = Types.ToDictionary(it => it.Value, it => it.Key);

    public static Type? Find(byte number) => Types.GetValueOrDefault(number);

    public static bool TryGetNumber(Type type, out byte number) => Numbers.TryGetValue(type, out number);
}
