using OrleansContrastive.Learning.Heads;
using OrleansContrastive.Learning.Losses;
using OrleansContrastive.Learning.Methods;
using OrleansContrastive.Learning.Methods.Frame;
using OrleansContrastive.Learning.Negatives;
using OrleansContrastive.Learning.Negatives.Sampling;
using OrleansContrastive.Learning.Tests.Golden;
using OrleansContrastive.Tests.Shared;
using TorchSharp;
using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Tests.Methods;

/// <summary>What makes a method itself, held against its definition.</summary>
public sealed class MethodDetailsTests
{
    [Fact]
    public void Nnclr_finds_the_row_that_a_search_through_all_finds()
    {
        using var leaks = new TensorLeaks();
        using var scope = NewDisposeScope();
        const int Width = 6, Count = 50;
        var rows = nn.functional.normalize(tensor(Pattern.Single(Count * Width, 3), [Count, Width]), 2, 1);
        using var mirror = new QueueMirror(Count, Width, ScalarType.Float32);
        var queue = new KeyQueue(Count, Width, ScalarType.Float32);
        queue.Append(rows.bytes, [.. Enumerable.Range(0, Count).Select(id => (long)id)], new(1, 1));
        mirror.Apply(queue.ReadSince(0));
        var asked = nn.functional.normalize(tensor(Pattern.Single(4 * Width, 9), [4, Width]), 2, 1);
        var found = NearestNeighbour.Nearest(asked, mirror);
        var expected = rows.index_select(0, asked.mm(rows.t()).argmax(1));
        Close.All(Numbers.From(expected), Numbers.From(found), 1e-6);

        using var empty = new QueueMirror(Count, Width, ScalarType.Float32);
        Close.All(Numbers.From(asked), Numbers.From(NearestNeighbour.Nearest(asked, empty)), 0);
    }

    [Fact]
    public void InstDisc_is_the_softmax_over_the_bank_with_the_own_row_as_positive()
    {
        using var leaks = new TensorLeaks();
        using var bench = new Workbench("instdisc", """{"proximal":0.7}""");
        bench.Step(0.02).Dispose();
        using var result = bench.Look();
        using var scope = NewDisposeScope();
        var embeddings = result.Rows!;
        var bank = (MemoryBank)bench.Memory!;
        using var rows = bank.Rows(0, bank.Count);
        var own = rows.to_type(ScalarType.Float32).index_select(0, tensor(bench.Ids));
        var logits = embeddings.mm(rows.to_type(ScalarType.Float32).t()).div(0.2);
        var expected = nn.functional.cross_entropy(logits, tensor(bench.Ids)).item<float>() + (0.7 * embeddings.sub(own).square().sum(1L).mean().item<float>());
        Assert.Equal(expected, result.Loss.Loss, 1e-4);
        Assert.Equal(Math.Log(Workbench.Images), result.Loss.ChanceLevel, 1e-9);
    }

    [Theory]
    [InlineData(0.0)]
    [InlineData(0.25)]
    [InlineData(1.0)]
    public void Pirl_weighs_image_and_transformed_image(double lambda)
    {
        using var leaks = new TensorLeaks();
        double Loss(double share)
        {
            using var bench = new Workbench("pirl", FormattableString.Invariant($$"""{"lambda":{{share}}}"""));
            using var result = bench.Look();
            return result.Loss.Loss;
        }

        Assert.Equal((lambda * Loss(1)) + ((1 - lambda) * Loss(0)), Loss(lambda), 1e-6);
    }

    [Fact]
    public void Swav_uses_its_queue_only_when_it_is_full()
    {
        using var leaks = new TensorLeaks();
        List<double> Losses(string options)
        {
            using var bench = new Workbench("swav", options);
            var losses = new List<double>();
            for (var step = 0; step < 4; step++)
            {
                using var result = bench.Step(0.05);
                losses.Add(result.Loss.Loss);
            }

            return losses;
        }

        var without = Losses("""{"prototypes":12}""");
        var queued = Losses("""{"prototypes":12,"queueLength":32}""");
        // Two batches of 16 fill it, so the third step is the first that meets it.
        Assert.Equal(without[..2], queued[..2]);
        Assert.All(Enumerable.Range(2, 2), step => Assert.NotEqual(without[step], queued[step], 1e-4));
        Assert.Equal(without, Losses("""{"prototypes":12,"queueLength":32,"queueFromEpoch":5}"""));
    }

    [Fact]
    public void Frozen_prototypes_get_no_gradient()
    {
        using var leaks = new TensorLeaks();
        double Length(string options)
        {
            using var bench = new Workbench("swav", options);
            bench.Look().Dispose();
            using var scope = NewDisposeScope();
            var gradient = bench.Model.Part<PrototypeLayer>("prototypes").parameters().Single().grad;
            return gradient is null ? 0 : gradient.norm().item<float>();
        }

        Assert.Equal(0, Length("""{"prototypes":12,"frozenEpochs":1}"""));
        Assert.NotEqual(0, Length("""{"prototypes":12}"""));
    }

    [Fact]
    public void Dinos_centre_takes_in_the_mean_of_the_teachers_outputs()
    {
        using var leaks = new TensorLeaks();
        using var bench = new Workbench("dino", """{"prototypes":12}""");
        bench.Look().Dispose();
        using var scope = NewDisposeScope();
        var centre = bench.Model.Part<BatchCentre>("centre");
        var (mean, _) = centre.Moments.Read();
        Assert.Equal(12, mean.Length);
        // Scores lie between -1 and 1, and untrained ones of alike images are not all nothing.
        Assert.All(mean.ToArray(), value => Assert.InRange(value, -1, 1));
        Assert.Contains(mean.ToArray(), value => Math.Abs(value) > 1e-3);
        // Only the server moves the centre itself.
        Assert.All(Numbers.From(centre.RunningMean), value => Assert.Equal(0, value));
    }

    [Fact]
    public void MoCo_v3_is_twice_T_times_the_sum_of_both_directions()
    {
        using var leaks = new TensorLeaks();
        using var scope = NewDisposeScope();
        using var bench = new Workbench("moco-v3");
        Tensor Rows(ulong seed) => nn.functional.normalize(tensor(Pattern.Single(8 * 5, seed), [8, 5]), 2, 1);
        var batch = new MethodBatch { Network = bench.Model, Views = [Rows(1)], SampleIds = new long[8] };
        using var encoded = new EncodedBatch(batch, outputs: [Rows(1), Rows(2)]);
        var loss = bench.Method.Loss(encoded, new() { Keys = [Rows(3), Rows(4)] });
        var expected = 2 * 0.2 * (InBatchInfoNce.Loss(Rows(1), Rows(4), 0.2).item<float>() + InBatchInfoNce.Loss(Rows(2), Rows(3), 0.2).item<float>());
        Assert.Equal(expected, loss.Scalar!.item<float>(), 1e-5);
        Assert.Equal(4 * 0.2 * Math.Log(8), loss.Meters.ChanceLevel, 1e-9);
    }

    [Theory]
    [InlineData(0.0)]
    [InlineData(1.5)]
    public void SimCLR_weighs_the_negatives_of_its_batch_where_it_is_asked_to(double beta)
    {
        using var leaks = new TensorLeaks();
        using var scope = NewDisposeScope();
        using var bench = new Workbench("simclr");
        Tensor Rows(ulong seed) => nn.functional.normalize(tensor(Pattern.Single(8 * 5, seed), [8, 5]), 2, 1);
        var method = new SimClr(new() { Temperature = 0.5, Sampling = new ReweightedRows(beta, 0.1) });
        using var encoded = new EncodedBatch(new() { Network = bench.Model, Views = [Rows(1)], SampleIds = new long[8] }, outputs: [Rows(1), Rows(2)]);
        var loss = method.Loss(encoded, new());
        Assert.Equal(HardNegatives.Loss(Rows(1), Rows(2), 0.5, classPrior: 0.1, beta).item<float>(), loss.Scalar!.item<float>());
        Assert.NotEqual(NtXent.Loss(Rows(1), Rows(2), 0.5).item<float>(), loss.Scalar!.item<float>(), 1e-3);
        Assert.Equal(MemoryKind.None, method.Plan.Memory);
    }

    [Fact]
    public void SimCLR_refuses_samplings_that_a_batch_does_not_know()
    {
        INegativeSampling[] others = [new UniformRows(4), new RecentRows(4), new HardestRows(4), new MixedRows(4, 2, 2, 0), new NoiseContrast(4, 0)];
        foreach (var sampling in others)
            Assert.Contains("all, debiased or reweighted", Assert.Throws<ArgumentException>(() => new SimClr(new() { Sampling = sampling })).Message);
        var fault = Assert.Throws<ArgumentException>(() => new SimClr(new() { Sampling = new ReweightedRows(1, 0.1) }, new() { MemoryRows = 32 }));
        Assert.Contains("found 32", fault.Message);
    }
}
