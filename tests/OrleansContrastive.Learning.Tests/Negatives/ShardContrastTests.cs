using System.Runtime.InteropServices;
using OrleansContrastive.Learning.Negatives;
using OrleansContrastive.Learning.Tests.Golden;
using OrleansContrastive.Tests.Shared;
using TorchSharp;
using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Tests.Negatives;

public sealed class ShardContrastTests
{
    private const int Batch = 7, Width = 16;

    [Theory]
    [InlineData(0.2, ScalarType.Float32, 1e-5)]
    [InlineData(0.07, ScalarType.Float32, 1e-5)]
    [InlineData(0.025, ScalarType.Float32, 2e-5)]
    [InlineData(0.01, ScalarType.Float32, 5e-5)]
    [InlineData(0.07, ScalarType.Float64, 1e-12)]
    [InlineData(0.01, ScalarType.Float64, 1e-12)]
    public void Equals_the_definition_over_many_chunks_with_own_rows_masked(double temperature, ScalarType type, double tolerance)
    {
        using var leaks = new TensorLeaks();
        using var scope = NewDisposeScope();
        var queue = Queue(90_001, type);
        var queries = Queries(type);
        long[] ids = [0, 5, 90_000, 44_444, 123_456, -1, 5];
        var part = ShardContrast.Compute(queries, ids, queue, temperature);
        for (var query = 0; query < Batch; query++)
        {
            var expected = Definition(queries, query, ids[query], queue, temperature);
            Close.All([expected.Count, expected.Maximum], [part.Count(query), part.Maximum(query)], tolerance);
            // Relative: the exponentials' sum may be far below 1.
            Assert.Equal(1, part.Sum(query) / expected.Sum, tolerance);
            var scale = 1 / expected.Sum;
            Close.All(
                [.. expected.Weighted.Select(value => value * scale)],
                [.. part.Weighted(query).ToArray().Select(value => value / part.Sum(query))],
                tolerance);
        }
    }

    [Theory]
    [InlineData(1, 0.2)]
    [InlineData(17, 0.2)]
    [InlineData(49, 0.2)]
    [InlineData(49, 0.01)]
    public void The_fused_sweep_equals_the_separate_products_and_does_not_depend_on_threads(int batch, double temperature)
    {
        using var leaks = new TensorLeaks();
        using var scope = NewDisposeScope();
        Assert.SkipUnless(FusedContrast.Supports(Width), "This processor takes libtorch's products.");
        var queue = Queue(4001, ScalarType.Float32);
        var queries = nn.functional.normalize(tensor(Pattern.Single(batch * Width, 8), [batch, Width]), 2, 1);
        long[] ids = [.. Enumerable.Range(0, batch).Select(query => query * 83L)];
        var range = new RowRange(queue, 3, queue.Filled, OwnSamples.Find(ids, queue.SampleIds[3..]));
        var expected = new HostContrast<float>(queries, temperature).Run(range);
        var threads = get_num_threads();
        try
        {
            set_num_threads(1);
            var single = new FusedContrast(queries, temperature).Run(range);
            set_num_threads(2);
            var twofold = new FusedContrast(queries, temperature).Run(range);
            Assert.Equal(single.ToBytes(ScalarType.Float64), twofold.ToBytes(ScalarType.Float64));
            for (var query = 0; query < batch; query++)
            {
                Assert.Equal(expected.Count(query), single.Count(query));
                Close.All(
                    [expected.Maximum(query), 1, .. expected.Weighted(query).ToArray().Select(value => value / expected.Sum(query))],
                    [single.Maximum(query), single.Sum(query) / expected.Sum(query), .. single.Weighted(query).ToArray().Select(value => value / single.Sum(query))],
                    2e-5);
            }
        }
        finally
        {
            set_num_threads(threads);
        }
    }

    [Theory]
    [InlineData(0.07, ScalarType.Float32, 1e-5)]
    [InlineData(0.01, ScalarType.Float64, 1e-12)]
    public void The_form_for_accelerators_equals_the_one_for_processors(double temperature, ScalarType type, double tolerance)
    {
        using var leaks = new TensorLeaks();
        using var scope = NewDisposeScope();
        var queue = Queue(1500, type);
        var queries = Queries(type);
        var single = new KeyQueue(1, Width, type);
        single.Append(queue.Row(3), [3], default);
        foreach (var rows in new[] { queue, single })
        {
            long[] ids = [0, 3, 1499, 44, 123_456, -1, 3];
            var expected = ShardContrast.Compute(queries, ids, rows, temperature);
            var range = new RowRange(rows, 0, rows.Filled, OwnSamples.Find(ids, rows.SampleIds));
            var found = new DeviceContrast(queries, temperature).Run(range);
            for (var query = 0; query < Batch; query++)
            {
                Assert.Equal((expected.Count(query), expected.Count(query) == 0), (found.Count(query), double.IsInfinity(found.Maximum(query))));
                Close.All(
                    [expected.Sum(query), .. expected.Weighted(query)], [found.Sum(query), .. found.Weighted(query)], tolerance);
            }
        }
    }

    [Theory]
    [InlineData(0.07)]
    [InlineData(0.01)]
    public void Row_ranges_merge_to_the_whole(double temperature)
    {
        using var leaks = new TensorLeaks();
        using var scope = NewDisposeScope();
        var queue = Queue(1000, ScalarType.Float64);
        var queries = Queries(ScalarType.Float64);
        long[] ids = [0, 399, 400, 401, 999, 500, 7];
        var whole = ShardContrast.Compute(queries, ids, queue, temperature);
        var merged = PartialSoftmax.Merge([.. new[] { 0, 400, 800, 1200 }.Select(first =>
            ShardContrast.Compute(queries, ids, queue, temperature, first, 400))]);
        for (var query = 0; query < Batch; query++)
        {
            Close.All(
                [whole.Count(query), whole.Maximum(query), whole.Sum(query), .. whole.Weighted(query)],
                [merged.Count(query), merged.Maximum(query), merged.Sum(query), .. merged.Weighted(query)],
                1e-12);
        }
    }

    [Theory]
    [InlineData(0.07)]
    [InlineData(0.01)]
    public void A_shard_whose_rows_are_all_masked_is_empty(double temperature)
    {
        using var leaks = new TensorLeaks();
        using var scope = NewDisposeScope();
        var queue = Queue(2, ScalarType.Float32);
        var part = ShardContrast.Compute(Queries(ScalarType.Float32).narrow(0, 0, 2), [0, 1], queue, temperature);
        Assert.Equal(1, part.Count(0));
        var own = new KeyQueue(1, Width, ScalarType.Float32);
        own.Append(queue.Row(0), [9], default);
        var empty = ShardContrast.Compute(Queries(ScalarType.Float32).narrow(0, 0, 1), [9], own, temperature);
        Assert.Equal((0.0, double.NegativeInfinity, 0.0), (empty.Count(0), empty.Maximum(0), empty.Sum(0)));
        Assert.All(empty.Weighted(0).ToArray(), value => Assert.Equal(0, value));
    }

    [Fact]
    public void An_empty_shard_answers_with_an_empty_part()
    {
        using var leaks = new TensorLeaks();
        using var scope = NewDisposeScope();
        var part = ShardContrast.Compute(Queries(ScalarType.Float32), [], new KeyQueue(4, Width, ScalarType.Float32), 0.2);
        Assert.Equal(0, part.Count(Batch - 1));
    }

    [Fact]
    public void Queries_that_do_not_fit_are_refused()
    {
        using var leaks = new TensorLeaks();
        using var scope = NewDisposeScope();
        var queue = Queue(3, ScalarType.Float32);
        Assert.Throws<ArgumentException>(() => ShardContrast.Compute(zeros([2, Width + 1]), [], queue, 0.2));
        Assert.Throws<ArgumentException>(() => ShardContrast.Compute(zeros([2, Width]), [1], queue, 0.2));
        Assert.Throws<ArgumentException>(() => ShardContrast.Compute(zeros([2, Width], ScalarType.BFloat16), [], queue, 0.2));
        if (FusedContrast.Supports(Width))
        {
            var wide = Queue(3, ScalarType.Float64);
            Assert.Contains("of Float64; expected", Assert.Throws<ArgumentException>(() => ShardContrast.Compute(zeros([2, Width]), [], wide, 0.2)).Message);
        }
    }

    [Fact]
    public void The_exponential_is_accurate_over_its_range()
    {
        for (var x = -86.5f; x < 80; x += 0.37f)
        {
            float[] values = [x, x, x, x, x, x, x, x, x];
            var (maximum, sum) = ExponentialPass.Apply<float>(values, 0);
            Assert.Equal(x, maximum);
            var expected = Math.Exp(x);
            Assert.All(values, value => Assert.Equal(1, value / expected, 3e-7));
            Assert.Equal(1, sum / (9 * expected), 1e-6);
        }

        float[] special = [float.NegativeInfinity, -1000, float.NaN];
        ExponentialPass.Apply<float>(special, 0);
        Assert.Equal([0, 0, float.NaN], special);
    }

    private static (double Count, double Maximum, double Sum, double[] Weighted) Definition(
        Tensor queries, int query, long id, KeyQueue queue, double temperature)
    {
        var q = Doubles(queries.bytes.Slice(query * queue.RowBytes, queue.RowBytes), queue.ElementType);
        var logits = new double[queue.Filled];
        for (var row = 0; row < logits.Length; row++)
        {
            var v = Doubles(queue.Row(row), queue.ElementType);
            for (var d = 0; d < Width; d++)
            {
                logits[row] += q[d] * v[d];
            }

            logits[row] = id >= 0 && queue.SampleIds[row] == id ? double.NegativeInfinity : logits[row] / temperature;
        }

        var maximum = logits.Max();
        var (sum, weighted) = (0.0, new double[Width]);
        for (var row = 0; row < logits.Length; row++)
        {
            var weight = Math.Exp(logits[row] - maximum);
            sum += weight;
            var v = Doubles(queue.Row(row), queue.ElementType);
            for (var d = 0; d < Width; d++)
            {
                weighted[d] += weight * v[d];
            }
        }

        return (logits.Count(double.IsFinite), maximum, sum, weighted);
    }

    private static double[] Doubles(ReadOnlySpan<byte> row, ScalarType type) => type == ScalarType.Float64
        ? MemoryMarshal.Cast<byte, double>(row).ToArray()
        : [.. MemoryMarshal.Cast<byte, float>(row).ToArray().Select(value => (double)value)];

    private static KeyQueue Queue(int rows, ScalarType type)
    {
        using var scope = NewDisposeScope();
        var unit = nn.functional.normalize(tensor(Pattern.Double(rows * Width, 5), [rows, Width]), 2, 1).to_type(type);
        var queue = new KeyQueue(rows, Width, type);
        queue.Append(unit.bytes, [.. Enumerable.Range(0, rows).Select(row => (long)row)], default);
        return queue;
    }

    private static Tensor Queries(ScalarType type) =>
        nn.functional.normalize(tensor(Pattern.Double(Batch * Width, 6), [Batch, Width]), 2, 1).to_type(type);
}
