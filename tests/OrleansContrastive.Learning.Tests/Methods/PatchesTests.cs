using OrleansContrastive.Learning.Methods.Frame;
using OrleansContrastive.Tests.Shared;
using TorchSharp;
using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Tests.Methods;

public sealed class PatchesTests
{
    [Fact]
    public void A_grid_holds_the_squares_row_by_row()
    {
        using var leaks = new TensorLeaks();
        using var scope = NewDisposeScope();
        var views = arange(2 * 3 * 8 * 8).view(2, 3, 8, 8);
        var (patches, rows) = Patches.Grid(views, side: 4, stride: 2);
        Assert.Equal(3, rows);
        Assert.Equal([2 * 9, 3, 4, 4], patches.shape);
        for (var image = 0; image < 2; image++)
        {
            for (var place = 0; place < 9; place++)
            {
                var expected = views.select(0, image).narrow(1, place / 3 * 2, 4).narrow(2, place % 3 * 2, 4);
                Assert.True(patches.select(0, (image * 9) + place).eq(expected).all().item<bool>(), $"Image {image}, place {place}.");
            }
        }

        Assert.Contains("9 pixels", Assert.Throws<ArgumentException>(() => Patches.Grid(views, 9, 1)).Message);
    }

    [Fact]
    public void Four_turns_are_none_and_each_is_a_quarter()
    {
        using var leaks = new TensorLeaks();
        using var scope = NewDisposeScope();
        var views = arange(2 * 5 * 5).view(2, 1, 5, 5);
        var turned = views;
        for (var turn = 1; turn <= 4; turn++)
        {
            turned = Patches.Turn(turned, 1);
            Assert.True(turned.eq(Patches.Turn(views, turn % 4)).all().item<bool>(), $"{turn} turns.");
        }

        // Counter-clockwise: what was at the right is at the top.
        Assert.Equal(views[0, 0, 0, 4].item<long>(), Patches.Turn(views, 1)[0, 0, 0, 0].item<long>());
    }

    [Fact]
    public void Cells_of_a_jigsaw_lie_within_their_places_and_the_same_for_the_same_lease()
    {
        using var leaks = new TensorLeaks();
        using var scope = NewDisposeScope();
        // Every pixel says in which row and column it stands.
        var place = arange(27).view(27, 1).mul(100).add(arange(27)).expand(2, 1, 27, 27);
        var pieces = Patches.Jigsaw(place, 3, new(1, 4, 0));
        Assert.Equal([9, 2, 1, 7, 7], pieces.shape);
        for (var cell = 0; cell < 9; cell++)
        {
            var rows = pieces.select(0, cell).div(100, RoundingMode.floor);
            var columns = pieces.select(0, cell).sub(rows.mul(100));
            Assert.InRange(rows.min().ToDouble(), cell / 3 * 9, (cell / 3 * 9) + 2);
            Assert.InRange(columns.max().ToDouble(), (cell % 3 * 9) + 6, (cell % 3 * 9) + 8);
        }

        Assert.True(pieces.eq(Patches.Jigsaw(place, 3, new(1, 4, 0))).all().item<bool>());
        Assert.False(pieces.eq(Patches.Jigsaw(place, 3, new(1, 5, 0))).all().item<bool>());
        Assert.False(pieces.select(1, 0).eq(pieces.select(1, 1)).all().item<bool>());
    }

    [Fact]
    public void A_patch_keeps_one_colour_and_is_mirrored_only_where_that_is_asked_for()
    {
        using var leaks = new TensorLeaks();
        using var scope = NewDisposeScope();
        var patches = arange(1, 1 + (40 * 3 * 4 * 4)).view(40, 3, 4, 4).to_type(ScalarType.Float32);
        var (straight, either) = (new PatchNoise(new(1, 2, 0)).Apply(patches, mirror: false), new PatchNoise(new(1, 2, 0)).Apply(patches, mirror: true));
        using (straight)
        using (either)
        {
            var kept = straight.ne(0).any(3).any(2);
            Assert.True(kept.sum(1).eq(1).all().item<bool>());
            Assert.True(kept.any(0).all().item<bool>());
            Assert.True(straight.sub(patches.mul(kept.view(40, 3, 1, 1))).eq(0).all().item<bool>());
            var turned = either.eq(straight).flatten(1).all(1).logical_not();
            Assert.InRange(turned.sum().item<long>(), 8, 32);
            Assert.True(either.eq(where(turned.view(-1, 1, 1, 1), straight.flip(3), straight)).all().item<bool>());
            using var grey = new PatchNoise(new(1, 2, 0)).Apply(patches.narrow(1, 0, 1), mirror: false);
            Assert.True(grey.eq(patches.narrow(1, 0, 1)).all().item<bool>());
        }
    }

    [Fact]
    public void Draws_depend_on_lease_and_sample_and_cover_their_range()
    {
        long[] samples = [.. Enumerable.Range(0, 400).Select(id => (long)id)];
        var drawn = Patches.Draw(new(1, 2, 0), samples, 4);
        Assert.Equal([0L, 1L, 2L, 3L], drawn.Distinct().Order());
        Assert.All(Enumerable.Range(0, 4), value => Assert.InRange(drawn.Count(one => one == value), 60, 140));
        Assert.Equal(drawn[7], Patches.Draw(new(1, 2, 0), [7], 4)[0]);
        Assert.NotEqual(drawn, Patches.Draw(new(1, 3, 0), samples, 4));
        Assert.All(Patches.DrawOrders(new(1, 2, 0), samples, 9), order => Assert.Equal(Enumerable.Range(0, 9).Select(i => (long)i), order.Order()));
    }
}
