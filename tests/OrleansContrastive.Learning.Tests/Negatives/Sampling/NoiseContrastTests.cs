using OrleansContrastive.Learning.Losses;
using OrleansContrastive.Learning.Negatives;
using OrleansContrastive.Learning.Negatives.Sampling;
using OrleansContrastive.Learning.Random;
using OrleansContrastive.Learning.Tests.Golden;
using OrleansContrastive.Tests.Shared;

namespace OrleansContrastive.Learning.Tests.Negatives.Sampling;

public sealed class NoiseContrastTests
{
    private const int Samples = 40, Draws = 24;
    private const double LogPartition = 5.1;
    private static readonly long[] Ids = [3, 17, 39, 21, 0];

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Equals_the_papers_loss_over_the_seeds_draws_whatever_the_shards(int shards)
    {
        using var leaks = new TensorLeaks();
        var scene = new Scene(Samples);
        var sampling = new NoiseContrast(Draws, LogPartition);
        var whole = new MemoryBank(Samples, Scene.Width, 0.5, seed: 2);
        var rows = Enumerable.Range(0, Samples).Select(row => Row(whole, row)).ToArray();
        var (expected, expectedGradient) = scene.Define((query, q) => Loss(query, q, scene, rows));

        PartialSoftmax[][] answers = [.. Enumerable.Range(0, shards).Select(shard =>
            Answer(scene, sampling, new MemoryBank(Samples, Scene.Width, 0.5, seed: 2, shard, shards), shard, shards))];
        var (found, gradient) = scene.Evaluate(sampling, answers);
        Assert.Equal(expected, found, 1e-10);
        Close.All(expectedGradient, gradient, 1e-7);

        var noise = Enumerable.Range(0, Scene.Batch).SelectMany(query => Noise(query).Select(sample => Math.Exp(Scene.Dot(scene.Queries[query], rows[sample]) / scene.Temperature)).ToArray()).ToArray();
        // Means of means differ where draws of the own sample were left out.
        var perQuery = Enumerable.Range(0, Scene.Batch).Average(query => Noise(query).Average(sample => Math.Exp(Scene.Dot(scene.Queries[query], rows[sample]) / scene.Temperature)));
        Assert.Equal(Math.Log(Samples * perQuery), NoiseContrast.LogPartition(sampling.Join(answers), Samples), 1e-10);
        Assert.Equal(noise.Length, answers.Sum(answer => Enumerable.Range(0, Scene.Batch).Sum(query => answer[1].Count(query))));
    }

    [Fact]
    public void A_bank_of_one_sample_suggests_no_partition_and_says_so()
    {
        var none = new PartialSoftmax(2, Scene.Width, PartialSoftmax.EmptyValues(2, Scene.Width));
        var problem = Assert.Throws<ArgumentException>(() => NoiseContrast.LogPartition([none, none], 1));
        Assert.Contains("expected a row of another sample in a bank of 1", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Equals_the_definition_on_dense_rows_with_its_gradient()
    {
        using var leaks = new TensorLeaks();
        using var scope = TorchSharp.torch.NewDisposeScope();
        var scene = new Scene(Samples);
        var sampling = new NoiseContrast(Draws, LogPartition);
        var bank = new MemoryBank(Samples, Scene.Width, 0.5, seed: 2);
        int[][] drawn = [.. Ids.Select(id => Drawn(id).ToArray())];
        double[] noise = [.. drawn.SelectMany(samples => samples.SelectMany(sample => Row(bank, sample)))];
        bool[] own = [.. drawn.SelectMany((samples, query) => samples.Select(sample => sample == Ids[query]))];
        var queries = TorchSharp.torch.tensor(Scene.Flat(scene.Queries), [Scene.Batch, Scene.Width]).requires_grad_();
        var loss = NoiseContrastiveEstimation.Loss(
            queries,
            TorchSharp.torch.tensor(Scene.Flat(scene.Positives), [Scene.Batch, Scene.Width]),
            TorchSharp.torch.tensor(noise, [Scene.Batch, Draws, Scene.Width]),
            scene.Temperature,
            LogPartition,
            Samples,
            TorchSharp.torch.tensor(own, [Scene.Batch, Draws]));
        loss.backward();

        var (found, gradient) = scene.Evaluate(sampling, Answer(scene, sampling, bank, 0, 1));
        Assert.Equal(loss.item<double>(), found, 1e-10);
        Close.All(Numbers.From(queries.grad!), gradient, 1e-10);
    }

    [Fact]
    public void The_chance_level_is_the_golden_value()
    {
        // Design reference: m = 4096 noise samples, every sample 1/N: ln(m+1) + m ln(1 + 1/m) = 9.318.
        using var leaks = new TensorLeaks();
        var scene = new Scene(Samples);
        var sampling = new NoiseContrast(4096, Math.Log(Samples));
        var bank = new MemoryBank(Samples, Scene.Width, 0.5, seed: 2);
        var answer = sampling.Join([Answer(scene, sampling, bank, 0, 1, keepsOwn: true)]);
        var value = sampling.Evaluate(new double[Scene.Batch * Scene.Width], new double[Scene.Batch * Scene.Width], answer, 0.2, new double[Scene.Batch * Scene.Width]);
        Assert.Equal(4096, value.Negatives);
        Assert.Equal(9.318, value.ChanceLevel, 1e-3);
    }

    [Fact]
    public void The_partition_begins_with_that_of_random_rows_and_moves_by_a_hundredth()
    {
        var bank = new MemoryBank(20_000, 128, 0.5, seed: 6);
        double[] query = new double[128], row = new double[128];
        bank.Read(0, query);
        var sum = 0.0;
        for (var i = 1; i < bank.Count; i++)
        {
            bank.Read(i, row);
            sum += Math.Exp(Scene.Dot(query, row) / 0.1);
        }

        Assert.Equal(Math.Log(sum), PartitionEstimate.OfRandomRows(bank.Samples, 128, 0.1).Log, 0.05);
        var estimate = new PartitionEstimate(Math.Log(200));
        Assert.Equal(0.99 * 200 + 0.01 * 900, Math.Exp(estimate.With(Math.Log(900)).Log), 1e-9);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_query_meets_its_own_row_among_the_noise_only_as_released(bool asReleased)
    {
        using var leaks = new TensorLeaks();
        var scene = new Scene(Samples);
        var answer = Answer(scene, new(Draws, LogPartition), new(Samples, Scene.Width, 0.5, seed: 2), 0, 1, asReleased);
        var own = Ids.Sum(id => Drawn(id).Count(sample => sample == id));
        Assert.True(own > 0);
        Assert.Equal((Scene.Batch * Draws) - (asReleased ? 0 : own), Enumerable.Range(0, Scene.Batch).Sum(query => answer[1].Count(query)));
    }

    [Fact]
    public void A_queue_is_no_bank()
    {
        using var leaks = new TensorLeaks();
        var scene = new Scene(4);
        Assert.Contains("a bank", Assert.Throws<ArgumentException>(() => scene.Answer(new NoiseContrast(2, 0), scene.Queue([0]))).Message);
    }

    private static PartialSoftmax[] Answer(Scene scene, NoiseContrast sampling, MemoryBank bank, int shard, int shards, bool keepsOwn = false)
    {
        using var scope = TorchSharp.torch.NewDisposeScope();
        using var queries = TorchSharp.torch.tensor(Scene.Flat(scene.Queries), [Scene.Batch, Scene.Width]);
        using var pass = sampling.Begin(queries, scene.Call(shard, shards) with { SampleIds = Ids, KeepsOwn = keepsOwn }, bank);
        foreach (var (first, count) in pass.Ranges(2 * Draws)) pass.Add(first, count);
        return pass.Finish();
    }

    private static double Loss(int query, double[] q, Scene scene, double[][] rows)
    {
        double H(double similarity)
        {
            var p = Math.Exp(similarity / scene.Temperature) / Math.Exp(LogPartition);
            return p / (p + ((double)Draws / Samples));
        }

        return -Math.Log(H(scene.Positive(query, q))) - Noise(query).Sum(sample => Math.Log(1 - H(Scene.Dot(q, rows[sample]))));
    }

    private static IEnumerable<int> Noise(int query) => Drawn(Ids[query]).Where(sample => sample != Ids[query]);

    private static List<int> Drawn(long id)
    {
        var stream = new RandomStream(5, RandomPurpose.NoiseSampling, 7, (ulong)id);
        var drawn = new List<int>();
        for (var draw = 0; draw < Draws; draw++) drawn.Add(stream.NextInt(Samples));
        return drawn;
    }

    private static double[] Row(MemoryBank bank, int row)
    {
        var values = new double[Scene.Width];
        bank.Read(row, values);
        return values;
    }
}
