using System.Buffers;
using System.Collections.Immutable;
using System.Net;
using System.Numerics;
using System.Reflection;
using System.Reflection.Emit;
using Orleans;
using Orleans.Runtime;
using Orleans.Serialization;

namespace OrleansContrastive.Offline.Tests.Actors;

[GenerateSerializer, Alias("oc.offline.leaf")]
public class WireLeaf
{
    [Id(0)]
    public int Value { get; set; }

    /// <summary>Stays at home.</summary>
    public int Untold { get; set; } = 7;
}

[GenerateSerializer, Alias("oc.offline.big-leaf")]
public sealed class WireBigLeaf(string name) : WireLeaf
{
    [Id(0)]
    private readonly string _name = name;

    [Id(1000)]
    public WireLeaf? Far { get; set; }

    public string Name => _name;
}

[GenerateSerializer, Alias("oc.offline.tree")]
public sealed record WireTree(string Name, WireLeaf First, WireLeaf Second)
{
    [Id(0)]
    public WireTree? Self { get; set; }

    [Id(1)]
    public object? Anything { get; set; }
}

[GenerateSerializer, Alias("oc.offline.pair")]
public readonly record struct WirePair<T>([property: Id(0)] T First, [property: Id(1)] T Second);

/// <summary>Does not say how it travels.</summary>
public sealed class WireUnknown
{
    public int Value { get; set; }
}

/// <summary>What single values become on the wire and off it.</summary>
public sealed class ValueTests
{
    public static TheoryData<object> Values() =>
    [
        true, false, sbyte.MinValue, byte.MaxValue, short.MinValue, ushort.MaxValue, int.MinValue, -1, 0, 63, 64, uint.MaxValue, long.MinValue,
        long.MaxValue, ulong.MaxValue, (nint)(-5), (nuint)5, 'ü', float.Epsilon, float.NaN, double.NegativeZero, double.MaxValue, (Half)1.5, Int128.MinValue,
        UInt128.MaxValue, Guid.Parse("12345678-9abc-def0-1234-56789abcdef0"), new Complex(1, -2), decimal.MinValue, 0.10m, BigInteger.Pow(-7, 99),
        DateTime.MaxValue, new DateTime(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc), new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.FromMinutes(-570)),
        TimeSpan.MinValue, DateOnly.MaxValue, TimeOnly.MaxValue, "", "Grüße 𝜃", new Uri("https://example.org/a?b"), new Uri("c/d", UriKind.Relative),
        new Version(1, 2, 3), IPAddress.Loopback, IPAddress.IPv6Loopback, new IPEndPoint(IPAddress.IPv6Any, 80), SiloAddress.New(IPAddress.Loopback, 11111, 7),
        IdSpan.Create("key"), GrainType.Create("type"), GrainInterfaceType.Create("oc.IThing"), GrainId.Create("type", "a/b"), DayOfWeek.Friday,
        (1, "two", 3.0), Tuple.Create(1, "two"), KeyValuePair.Create("a", 1), (1, 2, 3, 4, 5, 6, 7, 8, 9), new WirePair<long>(1, 2), new WirePair<string>("a", "b"),
    ];

    [Theory]
    [MemberData(nameof(Values), DisableDiscoveryEnumeration = true)]
    public void A_value_arrives_as_it_was_whatever_its_place_says(object value)
    {
        if (value is DayOfWeek)
        {
            Assert.Equal(DayOfWeek.Friday, Wire.Send(DayOfWeek.Friday));
            Assert.Throws<CodecNotFoundException>(() => Wire.Send<object>(value));
            return;
        }

        Assert.Equal(value, Wire.Send<object?>(value));
        Assert.Equal(value, typeof(Wire).GetMethod(nameof(Wire.Send))!.MakeGenericMethod(OtherTypes.WireTypeOf(value)).Invoke(null, [value]));
    }

    [Fact]
    public void Collections_arrive_with_their_items_in_order()
    {
        Assert.Equal([1, 2, 3], Wire.Send<List<int>>([1, 2, 3]));
        Assert.Equal(["a", null, ""], Wire.Send<List<string?>>(["a", null, ""]));
        Assert.Equal([true, false, true], Wire.Send(new[] { true, false, true }));
        Assert.Equal([1.5m, 2m], Wire.Send(new[] { 1.5m, 2m }));
        Assert.Equal([[1], [], [2, 3]], Wire.Send<int[][]>([[1], [], [2, 3]]));
        Assert.Equal(new Queue<string>(["a", "b"]), Wire.Send(new Queue<string>(["a", "b"])));
        Assert.Equal(new Stack<int>([1, 2, 3]), Wire.Send(new Stack<int>([1, 2, 3])));
        Assert.Equal(new Dictionary<string, int[]> { ["a"] = [1], ["b"] = [] }, Wire.Send(new Dictionary<string, int[]> { ["a"] = [1], ["b"] = [] }));
        Assert.Equal(new SortedDictionary<int, string> { [2] = "b", [1] = "a" }, Wire.Send(new SortedDictionary<int, string> { [2] = "b", [1] = "a" }));
        Assert.Equal([3, 1], Wire.Send<HashSet<int>>([3, 1]));
        Assert.Equal([1, 2], Wire.Send<ImmutableArray<int>>([1, 2]));
        Assert.True(Wire.Send(default(ImmutableArray<string>)).IsDefault);
        Assert.Equal([DayOfWeek.Monday, (DayOfWeek)99], Wire.Send(new[] { DayOfWeek.Monday, (DayOfWeek)99 }));
        Assert.Equal([1.5f, float.NaN], Wire.Send(new ReadOnlyMemory<float>([1.5f, float.NaN])).ToArray());
        Assert.Equal([1.5, 2.5], Assert.IsType<double[]>(Wire.Send<IReadOnlyList<double>>(new[] { 1.5, 2.5 })));
    }

    [Fact]
    public void Comparers_arrive_or_are_refused()
    {
        var headers = new Dictionary<string, int>(StringComparer.OrdinalIgnoreCase) { ["A"] = 1 };
        Assert.Equal(1, Wire.Send(headers)["a"]);
        Assert.Contains("A", Wire.Send(new HashSet<string>(["a"], StringComparer.OrdinalIgnoreCase)));
        Assert.Throws<CodecNotFoundException>(() => Wire.Send(new HashSet<string>(StringComparer.InvariantCulture)));
    }

    [Fact]
    public void Large_numbers_of_values_take_their_own_bytes_and_few_more()
    {
        var numbers = Enumerable.Range(0, 10_000).Select(number => (long)number).ToArray();
        Assert.InRange(Wire.Encode(numbers).Length, 80_000, 80_030);
        Assert.Equal(numbers, Wire.Send(numbers));
    }

    [Fact]
    public void Members_travel_by_level_and_those_without_an_id_do_not()
    {
        var copy = Assert.IsType<WireBigLeaf>(Wire.Send<WireLeaf>(new WireBigLeaf("oak") { Value = 4, Untold = 99, Far = new WireLeaf { Value = 5 } }));
        Assert.Equal(("oak", 4, 5), (copy.Name, copy.Value, copy.Far!.Value));
        // Made without a constructor, since it has none without parameters.
        Assert.Equal(0, copy.Untold);
        Assert.Equal(7, copy.Far.Untold);
    }

    [Fact]
    public void Objects_that_occur_twice_stay_one_and_cycles_end()
    {
        var leaf = new WireLeaf { Value = 1 };
        var tree = new WireTree("tree", leaf, leaf);
        tree.Self = tree;
        tree.Anything = new object?[] { leaf, tree, new object(), null };
        var copy = Wire.Send(tree);
        Assert.Same(copy.First, copy.Second);
        Assert.Same(copy, copy.Self);
        var items = Assert.IsType<object?[]>(copy.Anything);
        Assert.Same(copy.First, items[0]);
        Assert.Same(copy, items[1]);
        Assert.Equal(typeof(object), items[2]!.GetType());
        Assert.Null(items[3]);
    }

    [Fact]
    public void Many_objects_of_one_message_keep_their_identity()
    {
        var leaves = Enumerable.Range(0, 1_000).Select(value => new WireLeaf { Value = value }).ToArray();
        var copy = Wire.Send<WireLeaf[]>([.. leaves, .. leaves]);
        for (var index = 0; index < leaves.Length; index++)
        {
            Assert.Equal(index, copy[index].Value);
            Assert.Same(copy[index], copy[index + leaves.Length]);
        }
    }

    [Fact]
    public void References_to_grains_call_through_the_receivers_host()
    {
        var reference = Wire.References.Create<IWireGrain>(GrainId.Create("wire", "9"));
        Assert.Equal(reference, Wire.Send(reference));
        Assert.Equal(reference, Wire.Send<object>(reference));
        Assert.Equal(reference, Wire.Send<IGrainWithStringKey>(reference));
    }

    [Fact]
    public void Types_that_are_not_registered_are_refused_by_the_sender()
    {
        Assert.Throws<CodecNotFoundException>(() => Wire.Send(new WireUnknown()));
        Assert.Throws<CodecNotFoundException>(() => Wire.Send<object>(new WireUnknown()));
        Assert.Throws<CodecNotFoundException>(() => Wire.Send<object>(new List<WireUnknown> { new() }));
        Assert.Throws<CodecNotFoundException>(() => Wire.Send<object>(typeof(int)));
        Assert.Throws<CodecNotFoundException>(() => Wire.Send<object>(new Exception[] { new(), null! }.Select(it => it)));
        // Says how it travels, but belongs to no registered assembly.
        var codec = new MessageCodec(new WireTypes([typeof(WireTypes)]), Wire.References);
        using var frame = new FrameWriter();
        Assert.Throws<CodecNotFoundException>(() => codec.EncodeValue<object>(new WireLeaf(), frame));
    }

    [Fact]
    public void Types_that_are_not_registered_are_refused_by_the_receiver()
    {
        var stranger = new MessageCodec(new WireTypes([typeof(WireTypes)]), Wire.References);
        var (head, payloads) = Wire.Split(Wire.Encode<object>(new WireLeaf()));
        var refusal = Assert.Throws<WireFormatException>(() => stranger.DecodeValue<object>(head, payloads));
        Assert.Contains("a registered type", refusal.Message);
    }

    [Fact]
    public void A_value_of_another_type_than_its_place_takes_is_refused()
    {
        var (head, payloads) = Wire.Split(Wire.Encode<object>(new WireLeaf()));
        Assert.Throws<WireFormatException>(() => Wire.Codec.DecodeValue<WireTree>(head, payloads));
        Assert.Throws<WireFormatException>(() => Wire.Codec.DecodeValue<int>(head, payloads));
        Assert.Throws<WireFormatException>(() => Wire.Receive<byte>(Wire.Encode(256)));
        Assert.Throws<WireFormatException>(() => Wire.Receive<string>(Wire.Encode(1)));
    }

    [Fact]
    public void Two_types_of_one_name_cannot_be_registered()
    {
        // In an assembly of its own, since those of programs are registered as a whole.
        var assembly = AssemblyBuilder.DefineDynamicAssembly(new AssemblyName("Twins"), AssemblyBuilderAccess.Run);
        var twin = assembly.DefineDynamicModule("twins").DefineType("Twin", TypeAttributes.Public | TypeAttributes.Class);
        twin.SetCustomAttribute(new CustomAttributeBuilder(typeof(GenerateSerializerAttribute).GetConstructor([])!, []));
        twin.SetCustomAttribute(new CustomAttributeBuilder(typeof(AliasAttribute).GetConstructor([typeof(string)])!, ["oc.offline.leaf"]));
        var refusal = Assert.Throws<OrleansConfigurationException>(() => new WireTypes([typeof(WireLeaf), twin.CreateType()]));
        Assert.Contains("Twin", refusal.Message);
        Assert.Contains(nameof(WireLeaf), refusal.Message);
    }

    [Fact]
    public void Nesting_has_a_limit_on_both_sides()
    {
        object deep = 1;
        for (var level = 0; level < WireWriter.MostDepth; level++) deep = new object[] { deep };
        Assert.NotNull(Wire.Send(deep));
        Assert.Throws<SerializerException>(() => Wire.Encode<object>(new[] { deep }));
        var frame = new FrameWriter();
        for (var level = 0; level < 100_000; level++) frame.WriteRaw([((int)WireKind.Sequence << 5) | WireTag.Typed, KnownTypes.Array, 48, 1]);
        frame.WriteByte(WireTag.Null);
        var (head, payloads) = Wire.Split(Wire.Join(frame));
        Assert.Contains("depth", Assert.Throws<WireFormatException>(() => Wire.Codec.DecodeValue<object>(head, payloads)).Message);
    }

    [Fact]
    public void A_head_in_pieces_is_read_like_one_in_one()
    {
        var (head, payloads) = Wire.Split(Wire.Encode(new WireTree("in pieces", new WireLeaf { Value = 1 }, new WireBigLeaf("b"))));
        var bytes = head.ToArray();
        var last = new Piece(bytes.AsMemory(bytes.Length - 3));
        var first = new Piece(bytes.AsMemory(0, 2), new Piece(bytes.AsMemory(2, bytes.Length - 5), last));
        var copy = Wire.Codec.DecodeValue<WireTree>(new ReadOnlySequence<byte>(first, 0, last, 3), payloads);
        Assert.Equal(("in pieces", 1), (copy.Name, copy.First.Value));
    }

    private sealed class Piece : ReadOnlySequenceSegment<byte>
    {
        public Piece(ReadOnlyMemory<byte> memory, Piece? next = null)
        {
            Memory = memory;
            Next = next;
            for (var (piece, index) = (next, (long)memory.Length); piece is not null; piece = (Piece?)piece.Next)
            {
                piece.RunningIndex = index;
                index += piece.Memory.Length;
            }
        }
    }
}
