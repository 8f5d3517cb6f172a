using Orleans;
using Orleans.Serialization;

namespace OrleansContrastive.Offline.Tests.Actors;

/// <summary>Two versions of one program understand each other: what one does not know is passed over, what is missing keeps its default.</summary>
public sealed class VersionTests
{
    [GenerateSerializer, Alias("oc.offline.old")]
    public sealed class Old
    {
        [Id(1)]
        public int Kept { get; set; }

        [Id(4)]
        public Item? Last { get; set; }

        [Id(5)]
        public Item[] All { get; set; } = [];
    }

    [GenerateSerializer, Alias("oc.offline.new")]
    public sealed class New
    {
        [Id(0)]
        public object? First { get; set; }

        [Id(1)]
        public long Kept { get; set; }

        [Id(2)]
        public Dictionary<string, List<double>> Between { get; set; } = new() { ["a"] = [1] };

        [Id(3)]
        public Item? Before { get; set; }

        [Id(4)]
        public Item? Last { get; set; }

        [Id(5)]
        public Item[] All { get; set; } = [];

        [Id(6)]
        public ReadOnlyMemory<byte> Block { get; set; }

        [Id(70)]
        public int Added { get; set; } = -1;
    }

    [GenerateSerializer, Alias("oc.offline.item")]
    public sealed class Item
    {
        [Id(0)]
        public string Name { get; set; } = "";

        [Id(1)]
        public Item? Next { get; set; }
    }

    [GenerateSerializer, Alias("oc.offline.flat")]
    public sealed class Flat
    {
        [Id(0)]
        public int Own { get; set; }
    }

    [GenerateSerializer, Alias("oc.offline.base")]
    public class Base
    {
        [Id(0)]
        public int Own { get; set; }
    }

    [GenerateSerializer, Alias("oc.offline.derived")]
    public sealed class Derived : Base
    {
        [Id(0)]
        public string Text { get; set; } = "unsaid";
    }

    [Fact]
    public void Fields_that_the_receiver_does_not_know_are_passed_over()
    {
        var sent = new New
        {
            First = new object?[] { 1, "two", new WirePair<Item>(new Item(), new Item()), new Dictionary<int, object> { [1] = 2.5f }, Guid.NewGuid() },
            Kept = 5,
            Last = new Item { Name = "last" },
            All = [new Item { Name = "one" }],
            Block = new byte[5_000],
        };
        var old = Wire.Receive<Old>(Wire.Encode(sent));
        Assert.Equal(5, old.Kept);
        Assert.Equal("last", old.Last!.Name);
        Assert.Equal("one", Assert.Single(old.All).Name);
    }

    [Fact]
    public void Fields_that_the_sender_does_not_know_keep_their_default()
    {
        var received = Wire.Receive<New>(Wire.Encode(new Old { Kept = -3, Last = new Item { Name = "last" } }));
        Assert.Equal(-3, received.Kept);
        Assert.Equal("last", received.Last!.Name);
        Assert.Equal(-1, received.Added);
        Assert.Equal([1], received.Between["a"]);
    }

    [Fact]
    public void An_object_that_was_passed_over_can_be_referred_to()
    {
        var shared = new Item { Name = "shared", Next = new Item { Name = "next" } };
        shared.Next.Next = shared;
        var sent = new New { Before = shared, Last = shared, All = [shared, shared.Next, new Item { Name = "own", Next = shared }] };
        var old = Wire.Receive<Old>(Wire.Encode(sent));
        Assert.Equal("shared", old.Last!.Name);
        Assert.Same(old.Last, old.All[0]);
        Assert.Same(old.Last.Next, old.All[1]);
        Assert.Same(old.Last, old.Last.Next!.Next);
        Assert.Equal("own", old.All[2].Name);
        Assert.Same(old.Last, old.All[2].Next);
    }

    [Fact]
    public void A_class_that_gained_a_derived_level_is_read_by_its_base_and_the_other_way_round()
    {
        Assert.Equal(3, Wire.Receive<Flat>(Wire.Encode(new Derived { Own = 3, Text = "more" })).Own);
        var derived = Wire.Receive<Derived>(Wire.Encode(new Flat { Own = 4 }));
        Assert.Equal((4, "unsaid"), (derived.Own, derived.Text));
    }

    [Fact]
    public void Members_of_one_level_need_different_ids()
    {
        Assert.Throws<CodecNotFoundException>(() => Wire.Send(new Ambiguous()));
    }

    [GenerateSerializer, Alias("oc.offline.ambiguous")]
    public sealed class Ambiguous
    {
        [Id(0)]
        public int One { get; set; }

        [Id(0)]
        public int Two { get; set; }
    }
}
