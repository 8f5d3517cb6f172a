using FsCheck;
using FsCheck.Fluent;
using OrleansContrastive.Learning.Distances;
using OrleansContrastive.Learning.Miners;
using OrleansContrastive.Learning.Tests.Golden;
using OrleansContrastive.Tests.Shared;
using TorchSharp;
using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Tests.Miners;

public sealed class MinerTests
{
    // On a line: distances can be read off.
    private static readonly double[] Line = [0, 1, 3, 4.5, 2, 2.4];
    private static readonly long[] Labels = [7, 7, 7, 8, 8, 9];

    [Fact]
    public void All_triplets_are_all()
    {
        var all = Of(AllTriplets.Mine(Labels));
        Assert.Equal((6 * 3) + (2 * 4), all.Count);
        Assert.Equal(all.Order(), all);
        Assert.Contains((3L, 4L, 5L), all);
        Assert.DoesNotContain(all, triplet => triplet.Anchor == 5);
    }

    [Fact]
    public void Batch_hard_takes_the_farthest_positive_and_the_nearest_negative()
    {
        using var leaks = new TensorLeaks();
        using var rows = OnLine();
        Assert.Equal([(0, 2, 4), (1, 2, 4), (2, 0, 5), (3, 4, 2), (4, 3, 5)], Of(BatchHard.Mine(rows, Labels)));
        Assert.Equal(Of(BatchHard.Mine(rows, Labels)), Of(BatchHard.Mine(rows, Labels, Distance.Manhattan)));
    }

    [Fact]
    public void Semi_hard_takes_the_nearest_negative_beyond_the_positive_within_the_margin()
    {
        using var leaks = new TensorLeaks();
        using var rows = OnLine();

        // Anchor 0: to 1 (distance 1) the negatives at 2 and 2.4 are beyond, to 2 (distance 3) only the one at 4.5.
        Assert.Equal([(0, 1, 4), (0, 2, 3)], Of(SemiHard.Mine(rows, Labels, 1.6)).Where(triplet => triplet.Anchor == 0));
        Assert.Equal([(0, 1, 4)], Of(SemiHard.Mine(rows, Labels, 1.2)).Where(triplet => triplet.Anchor == 0));
        Assert.DoesNotContain(Of(SemiHard.Mine(rows, Labels, 0.9)), triplet => triplet.Anchor == 0);
    }

    [Fact]
    public void Every_miner_keeps_to_its_rule_whatever_the_batch()
    {
        Prop.ForAll(Gen.Choose(0, 100_000).ToArbitrary(), seed =>
        {
            using var leaks = new TensorLeaks();
            using var rows = Numbers.Of([9, 3], (ulong)seed, ScalarType.Float64);
            long[] labels = [.. Pattern.Double(9, (ulong)seed + 1).Select(value => (long)Math.Floor(value * 2))];
            var apart = Apart(rows);
            var all = Of(AllTriplets.Mine(labels));
            Assert.All(all, triplet => Assert.True(
                triplet.Anchor != triplet.Positive && labels[triplet.Anchor] == labels[triplet.Positive] && labels[triplet.Anchor] != labels[triplet.Negative]));

            foreach (var group in all.GroupBy(triplet => triplet.Anchor))
            {
                var hardest = Of(BatchHard.Mine(rows, labels)).Single(triplet => triplet.Anchor == group.Key);
                Assert.Equal(group.Max(triplet => apart[triplet.Anchor, triplet.Positive]), apart[hardest.Anchor, hardest.Positive]);
                Assert.Equal(group.Min(triplet => apart[triplet.Anchor, triplet.Negative]), apart[hardest.Anchor, hardest.Negative]);
            }

            double Gap((long Anchor, long Positive, long Negative) triplet) => apart[triplet.Anchor, triplet.Negative] - apart[triplet.Anchor, triplet.Positive];
            var expected = all.Where(triplet => Gap(triplet) is > 0 and < 0.4)
                .GroupBy(triplet => (triplet.Anchor, triplet.Positive)).Select(pair => pair.MinBy(Gap)).ToHashSet();
            Assert.Equal(expected, Of(SemiHard.Mine(rows, labels, 0.4)).ToHashSet());

            var kept = all.Where(triplet =>
                all.Any(other => other.Anchor == triplet.Anchor && apart[other.Anchor, other.Positive] + 0.05 > apart[triplet.Anchor, triplet.Negative])
                && all.Any(other => other.Anchor == triplet.Anchor && apart[other.Anchor, other.Negative] - 0.05 < apart[triplet.Anchor, triplet.Positive]));
            Assert.Equal(kept.ToHashSet(), Of(MultiSimilarity.Mine(rows, labels, 0.05, Distance.Euclidean)).ToHashSet());

            var drawn = Of(DistanceWeighted.Mine(rows, labels, 5, 2));
            Assert.Equal(all.Select(triplet => (triplet.Anchor, triplet.Positive)).Distinct(), drawn.Select(triplet => (triplet.Anchor, triplet.Positive)));
            Assert.Subset(all.ToHashSet(), drawn.ToHashSet());
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(40));
    }

    [Fact]
    public void Draws_by_distance_follow_the_inverse_density()
    {
        using var leaks = new TensorLeaks();

        // One pair and three negatives at angles whose chords are below the cutoff, between, and beyond the farthest.
        double[] angles = [0, 0.01, 0.1, 1.0, 1.3, 2.5];
        using var rows = tensor(angles.SelectMany(angle => new[] { 3 * Math.Cos(angle), 3 * Math.Sin(angle), 0, 0 }).ToArray(), [6, 4]);
        long[] labels = [1, 1, 2, 3, 4, 5];
        var counts = new double[6];
        const int Draws = 4000;
        for (var step = 0; step < Draws; step++) counts[Of(DistanceWeighted.Mine(rows, labels, 3, step))[0].Negative]++;

        double Weight(double chord) => 1 / (chord * chord * Math.Sqrt(1 - (chord * chord / 4)));
        double[] weights = [Weight(0.5), Weight(2 * Math.Sin(0.5)), Weight(2 * Math.Sin(0.65))];
        for (var i = 0; i < 3; i++) Assert.Equal(weights[i] / weights.Sum(), counts[i + 2] / Draws, 0.03);
        Assert.Equal(0, counts[5]);
        Assert.Equal(Of(DistanceWeighted.Mine(rows, labels, 3, 1)), Of(DistanceWeighted.Mine(rows, labels, 3, 1)));
    }

    [Fact]
    public void Negatives_that_are_all_too_far_are_drawn_evenly()
    {
        using var leaks = new TensorLeaks();
        using var rows = tensor(new double[] { 1, 0, 1, 0.01, -1, 0.1, -1, -0.1 }, [4, 2]);
        var drawn = Enumerable.Range(0, 400).Select(step => Of(DistanceWeighted.Mine(rows, [1, 1, 2, 3], 8, step))[0].Negative).ToArray();
        Assert.InRange(drawn.Count(row => row == 2), 150, 250);
        Assert.Equal(400, drawn.Count(row => row >= 2));
    }

    [Fact]
    public void A_similarity_counts_larger_as_nearer()
    {
        using var leaks = new TensorLeaks();
        using var rows = tensor(new double[] { 1, 0, 0.8, 0.6, 0, 1, 0.6, 0.8 }, [4, 2]);
        Assert.Equal((0, 2, 3), Of(BatchHard.Mine(rows, [1, 1, 1, 2], Distance.Cosine))[0]);
    }

    [Fact]
    public void Batches_without_a_triplet_give_none_and_unfit_ones_an_error()
    {
        using var leaks = new TensorLeaks();
        using var rows = OnLine();
        foreach (var labels in new long[][] { [1, 1, 1, 1, 1, 1], [1, 2, 3, 4, 5, 6] })
        {
            Assert.Equal(0, AllTriplets.Mine(labels).Count);
            Assert.Equal(0, BatchHard.Mine(rows, labels).Count);
            Assert.Equal(0, SemiHard.Mine(rows, labels, 1).Count);
            Assert.Equal(0, MultiSimilarity.Mine(rows, labels).Count);
            using var wide = Numbers.Of([6, 3], 2, ScalarType.Float32);
            Assert.Equal(0, DistanceWeighted.Mine(wide, labels, 1, 1).Count);
        }

        Assert.Contains("2 labels; expected 6", Assert.Throws<ArgumentException>(() => BatchHard.Mine(rows, [1, 2])).Message);
        Assert.Contains("[6, 1]", Assert.Throws<ArgumentException>(() => DistanceWeighted.Mine(rows, Labels, 1, 1)).Message);
        Assert.Throws<ArgumentOutOfRangeException>(() => DistanceWeighted.Mine(rows, Labels, 1, 1, 1.5));
        Assert.Throws<ArgumentOutOfRangeException>(() => SemiHard.Mine(rows, Labels, 0));
    }

    private static double[,] Apart(Tensor rows)
    {
        using var scope = NewDisposeScope();
        var values = Numbers.From(Distance.Euclidean.Pairwise(rows, rows));
        var count = (int)rows.shape[0];
        var apart = new double[count, count];
        for (var i = 0; i < values.Length; i++) apart[i / count, i % count] = values[i];
        return apart;
    }

    private static Tensor OnLine() => tensor(Line, [Line.Length, 1]);

    private static List<(long Anchor, long Positive, long Negative)> Of(TripletIndices triplets) =>
        [.. Enumerable.Range(0, triplets.Count).Select(t => (triplets.Anchors[t], triplets.Positives[t], triplets.Negatives[t]))];
}
