using OrleansContrastive.Learning.Evaluation.Maps;
using OrleansContrastive.Learning.Tests.Golden;

namespace OrleansContrastive.Learning.Tests.Evaluation.Maps;

/// <summary>t-SNE: its affinities and gradient against PyTorch written from the paper (make_map_golden.py), and what maps look like.</summary>
public sealed class NeighbourMapTests
{
    [Fact]
    public void Affinities_are_those_of_the_paper()
    {
        var golden = new GoldenFile("Evaluation/golden/maps.golden");
        var (values, expected) = (golden.Single("values"), golden.Double("affinities"));
        var rows = (int)golden.Shape("values")[0];

        // Three times the perplexity is all other rows here, so nothing is left out.
        var found = Dense(Affinities.Of(values, (int)golden.Shape("values")[1], golden.Double("perplexity")[0]), rows);

        Assert.Equal(1, found.Sum(), 1e-5);
        for (var i = 0; i < expected.Length; i++) Assert.Equal(expected[i], found[i], 2e-5 * expected.Max());
    }

    [Fact]
    public void The_gradient_is_that_of_the_divergence()
    {
        var golden = new GoldenFile("Evaluation/golden/maps.golden");
        var places = golden.Single("map");
        var (x, y) = (places.Where((_, i) => i % 2 == 0).ToArray(), places.Where((_, i) => i % 2 == 1).ToArray());

        foreach (var (exaggeration, name) in new[] { (1.0, "gradient"), (12.0, "exaggerated") })
        {
            var expected = golden.Double(name);
            var (byX, byY) = NeighbourMap.Gradient(Affinities.Of(golden.Single("values"), (int)golden.Shape("values")[1], golden.Double("perplexity")[0]), x, y, exaggeration);
            var size = expected.Max(Math.Abs);
            for (var row = 0; row < x.Length; row++)
            {
                Assert.Equal(expected[2 * row], byX[row], 1e-4 * size);
                Assert.Equal(expected[(2 * row) + 1], byY[row], 1e-4 * size);
            }
        }
    }

    [Fact]
    public void Classes_that_lie_apart_lie_apart_on_the_map()
    {
        const int Classes = 4, Each = 30, Width = 16;
        var values = Clusters(Classes, Each, Width);

        var map = Map(values, Width, seed: 3, perplexity: 10, rounds: 400);

        for (var row = 0; row < Classes * Each; row++)
        {
            var nearest = Enumerable.Range(0, Classes * Each).Where(other => other != row).OrderBy(other => Distance(map, row, other)).Take(5);
            Assert.All(nearest, other => Assert.Equal(row / Each, other / Each));
        }
    }

    [Fact]
    public void Equal_seeds_give_equal_maps_and_equal_rows_part()
    {
        var values = Clusters(2, 15, 4);
        values.AsSpan(0, 4).CopyTo(values.AsSpan(4));

        var map = Map(values, 4, seed: 5, perplexity: 5, rounds: 300);

        Assert.Equal(map, Map(values, 4, seed: 5, perplexity: 5, rounds: 300));
        Assert.NotEqual(map, Map(values, 4, seed: 6, perplexity: 5, rounds: 300));
        Assert.All(map, place => Assert.True(float.IsFinite(place)));
        Assert.NotEqual((map[0], map[1]), (map[2], map[3]));
    }

    [Fact]
    public void Few_or_equal_rows_give_a_map_and_too_few_are_refused()
    {
        Assert.All(Map([1, 2, 3, 4, 5, 7], 2, rounds: 50), place => Assert.True(float.IsFinite(place)));
        Assert.All(Map(new float[40], 4, rounds: 50), place => Assert.True(float.IsFinite(place)));
        Assert.Throws<ArgumentException>(() => Map([1, 2, 3, 4], 2));
        Assert.Throws<ArgumentOutOfRangeException>(() => Map(new float[40], 4, perplexity: 1));
    }

    private static float[] Map(float[] values, int width, ulong seed = 1, double perplexity = 30, int rounds = 750) =>
        NeighbourMap.Of(values, width, seed, perplexity, rounds, TestContext.Current.CancellationToken);

    private static double[] Dense(Affinities affinities, int rows)
    {
        var dense = new double[rows * rows];
        for (var row = 0; row < rows; row++)
        {
            for (var at = affinities.Starts[row]; at < affinities.Starts[row + 1]; at++) dense[(row * rows) + affinities.Neighbours[at]] = affinities.Probabilities[at];
        }

        return dense;
    }

    private static float[] Clusters(int classes, int each, int width)
    {
        var random = new System.Random(1);
        var values = new float[classes * each * width];
        for (var i = 0; i < values.Length; i++)
        {
            var label = i / width / each;
            values[i] = (float)((random.NextDouble() - 0.5) + (i % width % classes == label ? 4 : 0));
        }

        return values;
    }

    private static double Distance(float[] map, int a, int b) => Math.Pow(map[2 * a] - map[2 * b], 2) + Math.Pow(map[(2 * a) + 1] - map[(2 * b) + 1], 2);
}
