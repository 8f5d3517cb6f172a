using System.Runtime.InteropServices;
using OrleansContrastive.Learning.Negatives;
using OrleansContrastive.Learning.Negatives.Sampling;
using OrleansContrastive.Learning.Tests.Golden;
using TorchSharp;

namespace OrleansContrastive.Learning.Tests.Negatives.Sampling;

/// <summary>Queries, positives and rows in plain arrays, and ways to put the rows into homes.</summary>
internal sealed class Scene
{
    public const int Batch = 5, Width = 16;

    public Scene(int rows, ulong seed = 1, double temperature = 0.2, torch.ScalarType type = torch.ScalarType.Float64)
    {
        (Temperature, Type) = (temperature, type);
        Queries = Unit(Batch, seed);
        Positives = Unit(Batch, seed + 100);
        Rows = Unit(rows, seed + 200);
        Ids = [3, rows + 5, rows - 1, -1, 0];
    }

    public double Temperature { get; }

    public torch.ScalarType Type { get; }

    public double[][] Queries { get; }

    public double[][] Positives { get; }

    /// <summary>Row r shows sample r.</summary>
    public double[][] Rows { get; }

    public long[] Ids { get; }

    /// <summary>The similarities of a query to the rows that count for it.</summary>
    public IEnumerable<(double Similarity, double[] Row)> Negatives(int query, double[]? instead = null) =>
        Rows.Where((_, row) => row != Ids[query]).Select(row => (Dot(instead ?? Queries[query], row), row));

    /// <summary>A ring with some of the rows.</summary>
    public KeyQueue Queue(IEnumerable<int> rows)
    {
        long[] ids = [.. rows.Select(row => (long)row)];
        var queue = new KeyQueue(Math.Max(1, ids.Length), Width, Type);
        queue.Append(Bytes([.. ids.Select(id => Rows[id])], Type), ids, default);
        return queue;
    }

    /// <summary>Epochs behind the lease of all calls.</summary>
    public double Epoch { get; init; }

    public ContrastCall Call(int shard = 0, int shards = 1) => new()
    {
        Temperature = Temperature,
        SampleIds = Ids,
        Seed = 5,
        Step = 7,
        Epoch = Epoch,
        Shard = shard,
        Shards = shards,
    };

    /// <summary>The answer of one home, its rows passed in ranges.</summary>
    public PartialSoftmax[] Answer(INegativeSampling sampling, INegativeRows rows, int shard = 0, int shards = 1, int maxRows = int.MaxValue)
    {
        using var scope = torch.NewDisposeScope();
        using var pass = sampling.Begin(torch.tensor(Queries.SelectMany(row => row).ToArray(), [Batch, Width]).to_type(Type), Call(shard, shards), rows);
        foreach (var (first, count) in pass.Ranges(maxRows)) pass.Add(first, count);
        return pass.Finish();
    }

    /// <summary>Loss and gradient from the answers of all homes.</summary>
    public (double Loss, double[] Gradient) Evaluate(INegativeSampling sampling, params PartialSoftmax[][] answers)
    {
        var gradient = new double[Batch * Width];
        var value = sampling.Evaluate(Flat(Queries), Flat(Positives), sampling.Join(answers), Temperature, gradient);
        return (value.Loss, gradient);
    }

    /// <summary>Mean of a per-query loss, and its gradient by central differences.</summary>
    public (double Loss, double[] Gradient) Define(Func<int, double[], double> loss)
    {
        const double Step = 1e-6;
        var gradient = new double[Batch * Width];
        for (var i = 0; i < gradient.Length; i++)
        {
            var (query, place) = (i / Width, i % Width);
            double[] up = [.. Queries[query]], down = [.. Queries[query]];
            up[place] += Step;
            down[place] -= Step;
            gradient[i] = (loss(query, up) - loss(query, down)) / (2 * Step * Batch);
        }

        return (Enumerable.Range(0, Batch).Average(query => loss(query, Queries[query])), gradient);
    }

    public double Positive(int query, double[] q) => Dot(q, Positives[query]);

    public static double Dot(double[] a, double[] b) => a.Zip(b).Sum(pair => pair.First * pair.Second);

    public static byte[] Bytes(double[][] rows, torch.ScalarType type) => type == torch.ScalarType.Float64
        ? MemoryMarshal.AsBytes(Flat(rows).AsSpan()).ToArray()
        : MemoryMarshal.AsBytes(Flat(rows).Select(value => (float)value).ToArray().AsSpan()).ToArray();

    public static double[] Flat(double[][] rows) => [.. rows.SelectMany(row => row)];

    public static double[][] Unit(int rows, ulong seed) => [.. Enumerable.Range(0, rows).Select(row =>
    {
        var values = Pattern.Double(Width, seed * 10_000 + (ulong)row);
        var norm = Math.Sqrt(Dot(values, values));
        return values.Select(value => (double)(float)(value / norm)).ToArray();
    })];
}
