using FsCheck;
using FsCheck.Fluent;
using OrleansContrastive.Learning.Negatives;
using OrleansContrastive.Learning.Negatives.Sampling;
using OrleansContrastive.Learning.Random;
using OrleansContrastive.Learning.Tests.Golden;
using OrleansContrastive.Tests.Shared;
using TorchSharp;

namespace OrleansContrastive.Learning.Tests.Negatives.Sampling;

/// <summary>Every strategy against its formula, written down naively, and against any cut of the rows.</summary>
public sealed class SamplingTests
{
    private const int Rows = 60;

    public static TheoryData<string> Exact => ["all", "hardest", "debiased", "reweighted", "floored"];

    [Theory]
    [MemberData(nameof(Exact))]
    public void Loss_and_gradient_are_those_of_the_formula(string name)
    {
        using var leaks = new TensorLeaks();
        var scene = new Scene(Rows);
        var (sampling, loss) = Of(name, scene);
        var (expected, expectedGradient) = scene.Define(loss);
        var (found, gradient) = scene.Evaluate(sampling, scene.Answer(sampling, scene.Queue(Enumerable.Range(0, Rows))));
        Assert.Equal(expected, found, 1e-10);
        Close.All(expectedGradient, gradient, 1e-7);
    }

    [Theory]
    [MemberData(nameof(Exact))]
    public void Any_cut_into_homes_and_ranges_in_any_order_is_one(string name)
    {
        using var leaks = new TensorLeaks();
        // An exponent of β + 1, and a division by 1 - τ⁺, make as much more of a rounding.
        var tolerance = name switch { "reweighted" => 3e-6, "floored" => 2e-5, _ => 1e-6 };
        Prop.ForAll(Gen.Choose(1, 10_000).ToArbitrary(), Gen.Choose(1, 6).ToArbitrary(), (seed, homes) =>
        {
            var scene = new Scene(Rows, (ulong)seed, type: torch.ScalarType.Float32);
            var (sampling, loss) = Of(name, scene);
            var random = new System.Random(seed);
            var cut = Enumerable.Range(0, Rows).GroupBy(_ => random.Next(homes)).ToArray();
            var answers = cut.Select((rows, home) => OverTheWire(scene.Answer(sampling, scene.Queue(rows), home, homes, maxRows: 1 + random.Next(20)))).ToArray();
            var expected = Enumerable.Range(0, Scene.Batch).Average(query => loss(query, scene.Queries[query]));
            foreach (var order in new[] { answers, [.. answers.Reverse()], [.. answers.OrderBy(_ => random.Next())] })
                Assert.Equal(1, scene.Evaluate(sampling, order).Loss / expected, tolerance);
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void The_recent_window_holds_the_newest_rows_wherever_the_ring_stands()
    {
        using var leaks = new TensorLeaks();
        var scene = new Scene(Rows);
        foreach (var appended in new[] { 7, 20, 33, 40, 47 })
        {
            var ring = new KeyQueue(20, Scene.Width, torch.ScalarType.Float64);
            for (var row = 0; row < appended; row++) ring.Append(Scene.Bytes([scene.Rows[row]], torch.ScalarType.Float64), [row], default);
            using var mirror = new QueueMirror(20, Scene.Width, torch.ScalarType.Float64);
            mirror.Apply(ring.ReadSince(0));
            var newest = Enumerable.Range(Math.Max(0, appended - 8), Math.Min(8, appended));
            var expected = scene.Evaluate(new AllRows(), scene.Answer(new AllRows(), scene.Queue(newest)));
            foreach (INegativeRows rows in new INegativeRows[] { ring, mirror })
            {
                var found = scene.Evaluate(new RecentRows(8), scene.Answer(new RecentRows(8), rows));
                Assert.Equal(expected.Loss, found.Loss, 1e-12);
            }
        }
    }

    [Fact]
    public void Uniform_draws_are_the_seeds_and_nearly_unbiased()
    {
        using var leaks = new TensorLeaks();
        var scene = new Scene(Rows);
        var queue = scene.Queue(Enumerable.Range(0, Rows));
        var first = scene.Evaluate(new UniformRows(20), scene.Answer(new UniformRows(20), queue)).Loss;
        Assert.Equal(first, scene.Evaluate(new UniformRows(20), scene.Answer(new UniformRows(20), queue)).Loss);
        Assert.NotEqual(first, scene.Evaluate(new UniformRows(20), scene.Answer(new UniformRows(20), queue, shard: 1, shards: 2)).Loss);

        // The mean of exp(s/T) over many draws is that over the rows.
        var many = scene.Answer(new UniformRows(50_000), Repeated(queue, 1000))[0];
        var all = scene.Answer(new AllRows(), queue)[0];
        for (var query = 0; query < Scene.Batch; query++)
            Assert.Equal(Mean(all, query), Mean(many, query), 0.05 * Mean(all, query));

        Assert.Equal(Rows, scene.Answer(new UniformRows(10 * Rows), queue)[0].Count(3));

        static double Mean(PartialSoftmax part, int query) => Math.Exp(part.Maximum(query)) * part.Sum(query) / part.Count(query);
    }

    [Fact]
    public void Mixed_rows_come_on_top_and_are_no_easier_than_what_they_are_mixed_of()
    {
        using var leaks = new TensorLeaks();
        var scene = new Scene(Rows);
        var queue = scene.Queue(Enumerable.Range(0, Rows));
        var all = scene.Answer(new AllRows(), queue)[0];
        var mixed = scene.Answer(new MixedRows(8, 12, 4), queue)[0];
        for (var query = 0; query < Scene.Batch; query++)
        {
            Assert.Equal(all.Count(query) + 16, mixed.Count(query));
            var eighth = scene.Negatives(query).Select(pair => pair.Similarity).OrderDescending().ElementAt(7);
            // A mean of two rows at an acute angle to the query points no further away than the farther one.
            var added = (Math.Exp(mixed.Maximum(query)) * mixed.Sum(query)) - (Math.Exp(all.Maximum(query)) * all.Sum(query));
            Assert.True(added > 16 * Math.Exp(Math.Min(0, eighth) / scene.Temperature), $"Query {query}: the synthetic rows add {added:g3}.");
            Assert.True(mixed.Maximum(query) >= all.Maximum(query));
        }

        Assert.Equal(all.ToBytes(torch.ScalarType.Float64), scene.Answer(new MixedRows(8, 0, 0), queue)[0].ToBytes(torch.ScalarType.Float64));
        // Cut into ranges, the same rows are mixed.
        var cut = scene.Answer(new MixedRows(8, 12, 4), queue, maxRows: 7)[0];
        for (var query = 0; query < Scene.Batch; query++) Close.All(mixed.Weighted(query), cut.Weighted(query), 1e-9);
    }

    [Fact]
    public void Synthetic_rows_are_what_the_draws_make_of_the_hardest()
    {
        using var leaks = new TensorLeaks();
        var scene = new Scene(Rows);
        var queue = scene.Queue(Enumerable.Range(0, Rows));
        var all = scene.Answer(new AllRows(), queue)[0];
        var mix = new SyntheticMix { Interpolated = 3, Extrapolated = 4, Mixed = 5, Noisy = 2, Gradient = 3, Adversarial = 2, Noise = 0.1, Step = 0.2, Sign = 0.3 };
        var sampling = new SyntheticRows(6, mix);
        var found = scene.Answer(sampling, queue)[0];
        for (var query = 0; query < Scene.Batch; query++)
        {
            var q = scene.Queries[query];
            double[][] hard = [.. scene.Negatives(query).OrderByDescending(pair => pair.Similarity).Take(6).Select(pair => pair.Row)];
            var stream = new RandomStream(5, RandomPurpose.Regularisation, 7, (ulong)query);
            List<double[]> made = [];
            void Make(int count, Func<double[], double[]> of)
            {
                for (var i = 0; i < count; i++) made.Add(of(hard[stream.NextInt(6)]));
            }

            double[] Sum(double a, double[] x, double b, double[] y) => [.. x.Zip(y, (first, second) => (a * first) + (b * second))];
            double Share(double least, double most) => least + ((most - least) * stream.NextDouble());
            Make(3, n => Share(0, 0.5) is var alpha ? Sum(alpha, q, 1 - alpha, n) : n);
            Make(4, n => Share(1, 1.5) is var beta ? Sum(1 - beta, q, beta, n) : n);
            Make(5, n => hard[stream.NextInt(6)] is var other && Share(0, 1) is var gamma ? Sum(gamma, n, 1 - gamma, other) : n);
            Make(2, n =>
            {
                double[] noise = [.. Enumerable.Range(0, Scene.Width / 2).SelectMany(_ => stream.NextGaussians() is var (x, y) ? new[] { x, y } : [])];
                return Sum(1, n, 0.1, noise);
            });
            Make(3, n => Sum(1, n, 0.2, q));
            Make(2, n => Sum(1, n, 0.3, [.. q.Select(value => (double)Math.Sign(value))]));

            var weights = made.Select(row => Math.Exp(Scene.Dot(q, row) / Math.Sqrt(Scene.Dot(row, row)) / scene.Temperature)).ToArray();
            Assert.Equal(all.Count(query) + 19, found.Count(query));
            var expected = (Math.Exp(all.Maximum(query)) * all.Sum(query)) + weights.Sum();
            Assert.Equal(1, Math.Exp(found.Maximum(query)) * found.Sum(query) / expected, 1e-9);
        }

        // Of two homes each makes its half.
        var halves = sampling.Join([scene.Answer(sampling, scene.Queue(Enumerable.Range(0, 30)), 0, 2), scene.Answer(sampling, scene.Queue(Enumerable.Range(30, 30)), 1, 2)])[0];
        for (var query = 0; query < Scene.Batch; query++) Assert.Equal(found.Count(query), halves.Count(query));
    }

    [Theory]
    [InlineData(0.0, false)]
    [InlineData(1.99, false)]
    [InlineData(2.0, true)]
    [InlineData(7.5, true)]
    public void Nothing_is_mixed_before_its_epochs(double epoch, bool mixes)
    {
        using var leaks = new TensorLeaks();
        var scene = new Scene(Rows) { Epoch = epoch };
        var queue = scene.Queue(Enumerable.Range(0, Rows));
        byte[] Answer(INegativeSampling sampling) => scene.Answer(sampling, queue, maxRows: 25)[0].ToBytes(torch.ScalarType.Float64);
        var all = Answer(new AllRows());
        foreach (var (late, always) in new (INegativeSampling, INegativeSampling)[]
        {
            (new MixedRows(8, 12, 4, afterEpochs: 2), new MixedRows(8, 12, 4)),
            (new SyntheticRows(8, new(), afterEpochs: 2), new SyntheticRows(8, new())),
        })
        {
            Assert.NotEqual(all, Answer(always));
            Assert.Equal(mixes ? Answer(always) : all, Answer(late));
        }
    }

    /// <summary>What travels is float32.</summary>
    private static PartialSoftmax[] OverTheWire(PartialSoftmax[] answer) => [.. answer.Select(part => PartialSoftmax.FromBytes(
        part.ToBytes(torch.ScalarType.Float32), torch.ScalarType.Float32, part.Queries, part.Width))];

    private static KeyQueue Repeated(KeyQueue queue, int times)
    {
        var repeated = new KeyQueue(queue.Filled * times, queue.Width, queue.ElementType);
        for (var i = 0; i < times; i++) repeated.Append(queue.ReadSince(0));
        return repeated;
    }

    private static (INegativeSampling Sampling, Func<int, double[], double> Loss) Of(string name, Scene scene)
    {
        double t = scene.Temperature;
        return name switch
        {
            "all" => (new AllRows(), (query, q) => Softmax(query, q, scene.Negatives(query, q).Select(pair => pair.Similarity))),
            // The choice is the original query's: it does not change within a difference quotient.
            "hardest" => (new HardestRows(6), (query, q) => Softmax(query, q, scene.Negatives(query).OrderByDescending(pair => pair.Similarity).Take(6).Select(pair => Scene.Dot(q, pair.Row)))),
            "debiased" => (new ReweightedRows(0, 0.1), (query, q) => Reweighted(query, q, 0, 0.1)),
            "reweighted" => (new ReweightedRows(1.5, 0.1), (query, q) => Reweighted(query, q, 1.5, 0.1)),
            _ => (new ReweightedRows(0.5, 0.9), (query, q) => Reweighted(query, q, 0.5, 0.9)),
        };

        double Softmax(int query, double[] q, IEnumerable<double> similarities)
        {
            var p = Math.Exp(scene.Positive(query, q) / t);
            return -Math.Log(p / (p + similarities.Sum(similarity => Math.Exp(similarity / t))));
        }

        double Reweighted(int query, double[] q, double beta, double prior)
        {
            var n = scene.Negatives(query, q).Select(pair => Math.Exp(pair.Similarity / t)).ToArray();
            var p = Math.Exp(scene.Positive(query, q) / t);
            var weights = n.Select(value => Math.Pow(value, beta)).ToArray();
            var r = n.Zip(weights).Sum(pair => pair.First * pair.Second) / weights.Average();
            var g = Math.Max((r - (n.Length * prior * p)) / (1 - prior), n.Length * Math.Exp(-1 / t));
            return -Math.Log(p / (p + g));
        }
    }
}
