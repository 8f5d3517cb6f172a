using FsCheck;
using FsCheck.Fluent;
using OrleansContrastive.Learning.Negatives;
using OrleansContrastive.Learning.Tests.Golden;
using TorchSharp;

namespace OrleansContrastive.Learning.Tests.Negatives;

public sealed class PartialSoftmaxTests
{
    private const int Width = 5;

    [Fact]
    public void Any_split_in_any_order_is_one_softmax()
    {
        var cuts = Gen.Choose(0, 40).ListOf().ToArbitrary();
        Prop.ForAll(cuts, Gen.Choose(1, 1000).ToArbitrary(), (cutList, seed) =>
        {
            var rows = Enumerable.Range(0, 40).Select(row => Row(row, seed)).ToArray();
            int[] ends = [.. cutList.Append(40).Order()];
            var parts = new List<PartialSoftmax>();
            var begin = 0;
            foreach (var end in ends)
            {
                parts.Add(Part(rows[begin..end]));
                begin = end;
            }

            var order = new System.Random(seed);
            var shuffled = parts.OrderBy(_ => order.Next()).ToArray();
            Equal(Part(rows), PartialSoftmax.Merge(shuffled), 1e-12);

            // Merging is associative: first some, then the rest.
            if (shuffled.Length > 2)
            {
                Equal(Part(rows), PartialSoftmax.Merge(PartialSoftmax.Merge(shuffled[..2]), PartialSoftmax.Merge(shuffled[2..])), 1e-12);
            }
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void The_wire_form_in_single_precision_costs_less_than_a_millionth()
    {
        var rows = Enumerable.Range(0, 64).Select(row => Row(row, 3)).ToArray();
        PartialSoftmax[] parts = [.. rows.Chunk(8).Select(chunk =>
            PartialSoftmax.FromBytes(Part(chunk).ToBytes(torch.ScalarType.Float32), torch.ScalarType.Float32, 1, Width))];
        Equal(Part(rows), PartialSoftmax.Merge(parts), 1e-6);
    }

    [Fact]
    public void The_wire_form_in_double_precision_is_exact()
    {
        var part = Part([Row(1, 1), Row(2, 1)]);
        var copy = PartialSoftmax.FromBytes(part.ToBytes(torch.ScalarType.Float64), torch.ScalarType.Float64, 1, Width);
        Equal(part, copy, 0);
    }

    [Fact]
    public void Empty_parts_are_skipped()
    {
        var part = Part([Row(4, 9)]);
        Equal(part, PartialSoftmax.Merge(PartialSoftmax.Empty(1, Width), part, PartialSoftmax.Empty(1, Width)), 0);
        var nothing = PartialSoftmax.Merge(PartialSoftmax.Empty(2, Width), PartialSoftmax.Empty(2, Width));
        Assert.Equal((0.0, double.NegativeInfinity, 0.0), (nothing.Count(1), nothing.Maximum(1), nothing.Sum(1)));
        Assert.All(nothing.Weighted(1).ToArray(), value => Assert.Equal(0, value));
    }

    [Fact]
    public void Parts_of_different_shape_are_refused()
    {
        Assert.Throws<ArgumentException>(() => PartialSoftmax.Merge());
        var error = Assert.Throws<ArgumentException>(() =>
            PartialSoftmax.Merge(PartialSoftmax.Empty(2, Width), PartialSoftmax.Empty(2, 4)));
        Assert.Contains("2 x 4; expected 2 x 5", error.Message);
        Assert.Throws<ArgumentException>(() => PartialSoftmax.FromBytes(new byte[7], torch.ScalarType.Float32, 1, Width));
    }

    private static (double Logit, double[] Vector) Row(int row, int seed) =>
        (14 * Pattern.At(row, (ulong)seed), Pattern.Double(Width, (ulong)(seed * 100 + row)));

    /// <summary>The definition, in double precision, from the largest logit.</summary>
    private static PartialSoftmax Part((double Logit, double[] Vector)[] rows)
    {
        if (rows.Length == 0)
        {
            return PartialSoftmax.Empty(1, Width);
        }

        var maximum = rows.Max(row => row.Logit);
        var values = new double[Width + 3];
        (values[0], values[1]) = (rows.Length, maximum);
        foreach (var (logit, vector) in rows)
        {
            var weight = Math.Exp(logit - maximum);
            values[2] += weight;
            for (var d = 0; d < Width; d++)
            {
                values[3 + d] += weight * vector[d];
            }
        }

        return new(1, Width, values);
    }

    private static void Equal(PartialSoftmax expected, PartialSoftmax found, double tolerance)
    {
        Assert.Equal(expected.Count(0), found.Count(0));
        Close.All([expected.Maximum(0), expected.Sum(0)], [found.Maximum(0), found.Sum(0)], tolerance);
        Close.All(expected.Weighted(0), found.Weighted(0), tolerance);
    }
}
