using System.Diagnostics;
using OrleansContrastive.Learning.Negatives;
using OrleansContrastive.Learning.Negatives.Sampling;
using OrleansContrastive.Tests.Shared;
using TorchSharp;

namespace OrleansContrastive.Learning.Tests.Negatives;

/// <summary>A bank of ten million rows, 2.5 GB, over four shards.</summary>
public sealed class MemoryBankScaleTests(ITestOutputHelper output)
{
    private const int Width = 128, Batch = 256, Shards = 4;
    private const double Temperature = 0.1;

    [Fact(Explicit = true)]
    public void Ten_million_rows_give_the_exact_gradient() => Measure(10_000_000);

    [Fact]
    public void A_hundred_thousand_rows_give_the_exact_gradient() => Measure(100_000);

    private void Measure(int samples)
    {
        using var leaks = new TensorLeaks();
        using var scope = torch.NewDisposeScope();
        using var process = Process.GetCurrentProcess();
        var (clock, began) = (Stopwatch.StartNew(), Computed());
        var banks = Enumerable.Range(0, Shards).Select(shard => new MemoryBank(samples, Width, 0.5, seed: 3, shard, Shards)).ToArray();
        var (filled, fill) = (clock.Elapsed, Computed() - began);
        var queries = torch.nn.functional.normalize(torch.tensor(Golden.Pattern.Single(Batch * Width, 1), [Batch, Width]), 2, 1);
        var positives = torch.nn.functional.normalize(torch.tensor(Golden.Pattern.Single(Batch * Width, 2), [Batch, Width]), 2, 1);
        long[] ids = [.. Enumerable.Range(0, Batch).Select(query => query * 37L % samples)];

        clock.Restart();
        began = Computed();
        var sampling = new AllRows();
        var answers = banks.Select((bank, shard) =>
        {
            using var pass = sampling.Begin(queries, new() { Temperature = Temperature, SampleIds = ids, Shard = shard, Shards = Shards }, bank);
            foreach (var (first, count) in pass.Ranges(1 << 16)) pass.Add(first, count);
            return pass.Finish();
        }).ToArray();
        var gradient = new double[Batch * Width];
        var (q, k) = (Doubles(queries), Doubles(positives));
        var value = sampling.Evaluate(q, k, sampling.Join(answers), Temperature, gradient);
        var (contrasted, contrast) = (clock.Elapsed, Computed() - began);

        var bytes = Shards * ((Batch * Width * sizeof(float)) + answers[0][0].ToBytes(torch.ScalarType.Float32).Length);
        // The processor's seconds say what it costs; those of the clock, what else the machine had to do.
        output.WriteLine($"{samples:N0} x {Width} over {Shards} shards: filled in {filled.TotalSeconds:F1} s ({fill.TotalSeconds:F1} of a processor's),");
        output.WriteLine($"{Batch} queries contrasted in {contrasted.TotalSeconds:F2} s ({contrast.TotalSeconds:F2}); {process.WorkingSet64 / 1e9:F2} GB in memory;");
        output.WriteLine($"{bytes / 1e6:F2} MB on the wire against {(double)samples * Width * 2 / 1e6:N0} MB of rows.");

        foreach (var query in new[] { 0, Batch - 1 })
        {
            var expected = Definition(banks, q.AsSpan(query * Width, Width), k.AsSpan(query * Width, Width), ids[query]);
            Assert.Equal(samples - 1, value.Negatives);
            Golden.Close.All(expected, gradient.AsSpan(query * Width, Width).ToArray().Select(slope => slope * Batch).ToArray(), 2e-5);
        }

        TimeSpan Computed()
        {
            process.Refresh();
            return process.TotalProcessorTime;
        }
    }

    /// <summary>The gradient of one query, row by row in float64.</summary>
    private static double[] Definition(MemoryBank[] banks, ReadOnlySpan<double> query, ReadOnlySpan<double> key, long id)
    {
        var (row, weighted) = (new double[Width], new double[Width]);
        var positive = Math.Exp(Dot(query, key) / Temperature);
        var total = positive;
        foreach (var bank in banks)
        {
            for (var i = 0; i < bank.Count; i++)
            {
                if (i == bank.RowOf(id)) continue;
                bank.Read(i, row);
                var weight = Math.Exp(Dot(query, row) / Temperature);
                total += weight;
                for (var d = 0; d < Width; d++) weighted[d] += weight * row[d];
            }
        }

        for (var d = 0; d < Width; d++) weighted[d] = ((weighted[d] / total) - ((1 - (positive / total)) * key[d])) / Temperature;
        return weighted;
    }

    private static double Dot(ReadOnlySpan<double> a, ReadOnlySpan<double> b)
    {
        var sum = 0.0;
        for (var i = 0; i < a.Length; i++) sum += a[i] * b[i];
        return sum;
    }

    private static double[] Doubles(torch.Tensor tensor) => [.. tensor.data<float>().ToArray().Select(value => (double)value)];
}
