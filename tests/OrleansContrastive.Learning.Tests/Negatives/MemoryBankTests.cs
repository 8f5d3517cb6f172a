using System.Runtime.InteropServices;
using OrleansContrastive.Learning.Negatives;
using OrleansContrastive.Learning.Negatives.Sampling;
using OrleansContrastive.Learning.Tests.Golden;
using OrleansContrastive.Learning.Tests.Negatives.Sampling;
using OrleansContrastive.Tests.Shared;
using TorchSharp;

namespace OrleansContrastive.Learning.Tests.Negatives;

public sealed class MemoryBankTests
{
    private const int Samples = 1001, Width = Scene.Width;

    [Fact]
    public void Rows_start_as_unit_rows_that_all_count_and_do_not_depend_on_the_shards()
    {
        using var leaks = new TensorLeaks();
        var whole = new MemoryBank(Samples, Width, 0.5, seed: 4);
        for (var sample = 0; sample < Samples; sample++) Assert.Equal(1, Scene.Dot(Row(whole, sample), Row(whole, sample)), 0.02);

        for (var shard = 0; shard < 3; shard++)
        {
            var part = new MemoryBank(Samples, Width, 0.5, seed: 4, shard, 3);
            for (var row = 0; row < part.Count; row += 50)
            {
                var sample = (row * 3) + shard;
                Assert.Equal((row, -1), (part.RowOf(sample), part.RowOf(sample + 1)));
                Assert.Equal(Row(whole, sample), Row(part, row));
                Assert.Equal(sample, part.SampleIds[row]);
            }
        }
    }

    [Fact]
    public void A_row_moves_by_its_momentum_and_a_sample_that_comes_twice_moves_twice_in_order()
    {
        var bank = new MemoryBank(10, Width, 0.25, seed: 4);
        var features = Scene.Unit(3, 9);
        var expected = Fold(Fold(Row(bank, 7), features[0], 0.25), features[2], 0.25);
        var untouched = Row(bank, 6);
        bank.Update(Scene.Bytes(features, torch.ScalarType.Float64), torch.ScalarType.Float64, [7, 2, 7], version: 12);

        Close.All(expected, Row(bank, 7), 1e-2);
        Assert.Equal(untouched, Row(bank, 6));
        Assert.Equal([12, 0, 12], new[] { bank.Versions[7], bank.Versions[6], bank.Versions[2] });
    }

    [Fact]
    public void A_contrast_over_shards_is_that_over_the_whole_with_the_own_row_masked()
    {
        using var leaks = new TensorLeaks();
        var scene = new Scene(5);
        var whole = new MemoryBank(Samples, Width, 0.5, seed: 4, type: torch.ScalarType.Float64);
        var copy = new KeyQueue(Samples, Width, torch.ScalarType.Float64);
        for (var row = 0; row < Samples; row++) copy.Append(MemoryMarshal.AsBytes(Row(whole, row).AsSpan()), [row], default);
        var expected = scene.Evaluate(new AllRows(), scene.Answer(new AllRows(), copy));
        PartialSoftmax[][] answers = [.. Enumerable.Range(0, 4).Select(shard =>
            scene.Answer(new AllRows(), new MemoryBank(Samples, Width, 0.5, seed: 4, shard, 4, torch.ScalarType.Float64), shard, 4, maxRows: 37))];
        var found = scene.Evaluate(new AllRows(), answers);
        Assert.Equal(expected.Loss, found.Loss, 1e-12);
        Close.All(expected.Gradient, found.Gradient, 1e-12);
    }

    [Fact]
    public void A_snapshot_restores_every_bit()
    {
        var bank = new MemoryBank(Samples, Width, 0.5, seed: 4);
        bank.Update(Scene.Bytes(Scene.Unit(2, 3), torch.ScalarType.Float32), torch.ScalarType.Float32, [1000, 5], version: 3);
        var other = new MemoryBank(Samples, Width, 0.5, seed: 77);
        var part = 0;
        foreach (var (rows, versions) in bank.Parts())
            other.Restore(part++, rows.Span, MemoryMarshal.AsBytes(versions.Span));

        Assert.Equal(bank.PartCount, part);
        for (var row = 0; row < Samples; row++) Assert.Equal(Row(bank, row), Row(other, row));
        Assert.Equal(bank.Versions.ToArray(), other.Versions.ToArray());
        Assert.Contains("Part 0", Assert.Throws<ArgumentException>(() => other.Restore(0, new byte[4], new byte[4])).Message);
    }

    [Fact]
    public void A_sample_of_another_shard_is_refused_and_nothing_moves()
    {
        var bank = new MemoryBank(10, Width, 0.5, seed: 4, shard: 1, shards: 2);
        var before = Row(bank, 1);
        var error = Assert.Throws<ArgumentException>(() => bank.Update(Scene.Bytes(Scene.Unit(2, 3), torch.ScalarType.Float32), torch.ScalarType.Float32, [3, 4], version: 3));
        Assert.Contains("Sample 4 of 10 is not in shard 1 of 2", error.Message);
        Assert.Equal(before, Row(bank, 1));
    }

    private static double[] Fold(double[] row, double[] feature, double momentum)
    {
        var moved = row.Zip(feature).Select(pair => (momentum * pair.First) + ((1 - momentum) * pair.Second)).ToArray();
        var norm = Math.Sqrt(Scene.Dot(moved, moved));
        return [.. moved.Select(value => value / norm)];
    }

    private static double[] Row(MemoryBank bank, int row)
    {
        var values = new double[Width];
        bank.Read(row, values);
        return values;
    }
}
