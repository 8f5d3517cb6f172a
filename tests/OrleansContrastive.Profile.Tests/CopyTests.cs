using Orleans;
using Orleans.Runtime;
using Orleans.Serialization;

namespace OrleansContrastive.Profile.Tests;

[GenerateSerializer, Alias("oc.test.leaf")]
public class Leaf
{
    [Id(0)]
    public int Value { get; set; }

    /// <summary>Has no id, so it stays at home.</summary>
    [field: NonSerialized]
    public int Untold { get; set; } = 7;
}

[GenerateSerializer, Alias("oc.test.big-leaf")]
public sealed class BigLeaf : Leaf
{
    [Id(0)]
    private readonly string _name;

    public BigLeaf(string name) => _name = name;

    public string Name => _name;
}

[GenerateSerializer, Alias("oc.test.tree")]
public sealed record Tree(string Name, Leaf First, Leaf Second)
{
    [Id(0)]
    public Tree? Self { get; set; }
}

[GenerateSerializer, Alias("oc.test.shape")]
public readonly record struct Shape(int Rows, int[] Sizes);

[GenerateSerializer, Alias("oc.test.bag")]
public sealed class Bag
{
    [Id(0)]
    public Dictionary<string, List<int>> Lists { get; set; } = [];

    [Id(1)]
    public ReadOnlyMemory<byte> Copied { get; set; }

    [Id(2), Immutable]
    public byte[] Shared { get; set; } = [];

    [Id(3)]
    public Leaf?[] Leaves { get; set; } = [];
}

[GenerateSerializer, Immutable, Alias("oc.test.block")]
public sealed class Block(byte[] data)
{
    [Id(0)]
    public ReadOnlyMemory<byte> Data { get; } = data;
}

/// <summary>Does not say how it travels.</summary>
public sealed class Unknown
{
    public int Value { get; set; }
}

[Alias("oc.test.copies")]
public interface ICopyGrain : IGrainWithStringKey
{
    [Alias("keep-list")]
    Task KeepAsync(List<Leaf> list);

    [Alias("kept")]
    Task<List<Leaf>> KeptAsync();

    [Alias("sum")]
    Task<int> SumKeptAsync();

    [Alias("tree")]
    Task<Tree> EchoTreeAsync(Tree tree);

    [Alias("shape")]
    Task<Shape> EchoShapeAsync(Shape shape);

    [Alias("leaf")]
    Task<Leaf> EchoLeafAsync(Leaf leaf);

    [Alias("same")]
    Task<bool> AreSameAsync(Leaf first, Leaf second);

    [Alias("bag")]
    Task<bool> KeepBagAsync(Bag bag);

    [Alias("block")]
    Task<Block> EchoBlockAsync(Block block);

    [Alias("handed-over")]
    Task KeepHandedOverAsync([Immutable] List<Leaf> list);

    [Alias("anything")]
    Task<object?> EchoAnythingAsync(object? anything);

    [Alias("numbers")]
    Task<IReadOnlyList<double>> EchoNumbersAsync(IReadOnlyList<double> numbers);
}

public sealed class CopyGrain : Grain, ICopyGrain
{
    private List<Leaf> _kept = [];

    public Task KeepAsync(List<Leaf> list)
    {
        _kept = list;
        return Task.CompletedTask;
    }

    public Task<List<Leaf>> KeptAsync() => Task.FromResult(_kept);

    public Task<int> SumKeptAsync() => Task.FromResult(_kept.Sum(leaf => leaf.Value));

    public Task<Tree> EchoTreeAsync(Tree tree) => Task.FromResult(tree);

    public Task<Shape> EchoShapeAsync(Shape shape) => Task.FromResult(shape);

    public Task<Leaf> EchoLeafAsync(Leaf leaf) => Task.FromResult(leaf);

    public Task<bool> AreSameAsync(Leaf first, Leaf second) => Task.FromResult(ReferenceEquals(first, second));

    public Task<bool> KeepBagAsync(Bag bag)
    {
        bag.Lists["a"].Add(4);
        bag.Leaves[0]!.Value = 9;
        var sent = CopyTests.SentBags[this.GetPrimaryKeyString()];
        return Task.FromResult(ReferenceEquals(bag.Shared, sent.Shared) && !bag.Copied.Equals(sent.Copied) && bag.Copied.Span.SequenceEqual(sent.Copied.Span));
    }

    public Task<Block> EchoBlockAsync(Block block) => Task.FromResult(block);

    public Task KeepHandedOverAsync(List<Leaf> list)
    {
        _kept = list;
        return Task.CompletedTask;
    }

    public Task<object?> EchoAnythingAsync(object? anything) => Task.FromResult(anything);

    public Task<IReadOnlyList<double>> EchoNumbersAsync(IReadOnlyList<double> numbers) => Task.FromResult(numbers);
}

/// <summary>What is put into a message is shared with nobody, unless it says that nobody changes it.</summary>
public sealed class CopyTests(SharedSilo shared) : IClassFixture<SharedSilo>
{
    private readonly string _key = Probe.NewKey();

    internal static System.Collections.Concurrent.ConcurrentDictionary<string, Bag> SentBags { get; } = new();

    private ICopyGrain Grain => shared.Grains.GetGrain<ICopyGrain>(_key);

    [Fact]
    public async Task An_argument_is_copied_when_the_call_is_made()
    {
        var list = new List<Leaf> { new() { Value = 1 }, new() { Value = 2 } };
        var call = Grain.KeepAsync(list);
        list[0].Value = 100;
        list.Clear();
        await call;
        Assert.Equal(3, await Grain.SumKeptAsync());
    }

    [Fact]
    public async Task A_result_is_copied_so_that_the_grains_state_stays_its_own()
    {
        await Grain.KeepAsync([new Leaf { Value = 5 }]);
        var kept = await Grain.KeptAsync();
        kept[0].Value = 100;
        kept.Clear();
        Assert.Equal(5, await Grain.SumKeptAsync());
    }

    [Fact]
    public async Task A_member_without_an_id_does_not_travel()
    {
        var copy = await Grain.EchoLeafAsync(new Leaf { Value = 3, Untold = 99 });
        Assert.Equal(3, copy.Value);
        Assert.Equal(7, copy.Untold);
    }

    [Fact]
    public async Task A_value_travels_as_the_type_it_has()
    {
        var copy = Assert.IsType<BigLeaf>(await Grain.EchoLeafAsync(new BigLeaf("oak") { Value = 4 }));
        Assert.Equal("oak", copy.Name);
        Assert.Equal(4, copy.Value);
    }

    [Fact]
    public async Task Records_travel_with_the_members_of_their_primary_constructor_and_cycles_end()
    {
        var leaf = new Leaf { Value = 1 };
        var tree = new Tree("tree", leaf, leaf);
        tree.Self = tree;
        var copy = await Grain.EchoTreeAsync(tree);
        Assert.NotSame(tree, copy);
        Assert.Equal("tree", copy.Name);
        Assert.Equal(1, copy.First.Value);
        Assert.NotSame(leaf, copy.First);
        Assert.Same(copy.First, copy.Second);
        Assert.Same(copy, copy.Self);
    }

    [Fact]
    public async Task An_object_that_occurs_in_two_arguments_stays_one()
    {
        var leaf = new Leaf();
        Assert.True(await Grain.AreSameAsync(leaf, leaf));
        Assert.False(await Grain.AreSameAsync(leaf, new Leaf()));
    }

    [Fact]
    public async Task Structs_and_their_arrays_travel()
    {
        var shape = new Shape(2, [3, 4]);
        var copy = await Grain.EchoShapeAsync(shape);
        Assert.Equal(2, copy.Rows);
        Assert.Equal([3, 4], copy.Sizes);
        Assert.NotSame(shape.Sizes, copy.Sizes);
    }

    [Fact]
    public async Task Collections_and_memory_are_copied_and_immutable_members_handed_over()
    {
        var bag = new Bag
        {
            Lists = new() { ["a"] = [1, 2, 3] },
            Copied = new byte[] { 1, 2, 3 },
            Shared = [4, 5, 6],
            Leaves = [new Leaf { Value = 1 }, null],
        };
        SentBags[_key] = bag;
        Assert.True(await Grain.KeepBagAsync(bag));
        Assert.Equal([1, 2, 3], bag.Lists["a"]);
        Assert.Equal(1, bag.Leaves[0]!.Value);
    }

    [Fact]
    public async Task An_immutable_type_is_handed_over_without_a_copy()
    {
        var block = new Block(new byte[1_000]);
        Assert.Same(block, await Grain.EchoBlockAsync(block));
    }

    [Fact]
    public async Task An_immutable_parameter_is_handed_over_without_a_copy()
    {
        var list = new List<Leaf> { new() { Value = 1 } };
        await Grain.KeepHandedOverAsync(list);
        list[0].Value = 2;
        Assert.Equal(2, await Grain.SumKeptAsync());
    }

    [Fact]
    public async Task Values_of_unsaid_type_travel_if_their_own_type_does()
    {
        Assert.Null(await Grain.EchoAnythingAsync(null));
        Assert.Equal(42, await Grain.EchoAnythingAsync(42));
        Assert.Equal("text", await Grain.EchoAnythingAsync("text"));
        Assert.Equal(new[] { 1, 2 }, Assert.IsType<int[]>(await Grain.EchoAnythingAsync(new[] { 1, 2 })));
        Assert.Equal(3, Assert.IsType<Leaf>(await Grain.EchoAnythingAsync(new Leaf { Value = 3 })).Value);
        double[] numbers = [1.5, 2.5];
        Assert.Equal(numbers, await Grain.EchoNumbersAsync(numbers));
    }

    [Fact]
    public async Task A_type_that_does_not_say_how_it_travels_is_refused()
    {
        await Assert.ThrowsAsync<CodecNotFoundException>(async () => await Grain.EchoAnythingAsync(new Unknown()));
        await Assert.ThrowsAsync<CodecNotFoundException>(async () => await Grain.EchoAnythingAsync(new List<Unknown> { new() }));
    }

    [Fact]
    public async Task References_to_grains_travel()
    {
        var reference = Assert.IsAssignableFrom<ICopyGrain>(await Grain.EchoAnythingAsync(Grain));
        Assert.Equal(_key, reference.GetPrimaryKeyString());
        Assert.Equal(((GrainReference)Grain).GrainId, reference.GetGrainId());
        Assert.Equal(Grain, reference);
    }
}
