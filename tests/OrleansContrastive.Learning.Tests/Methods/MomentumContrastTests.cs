using System.Runtime.InteropServices;
using OrleansContrastive.Learning.Losses;
using OrleansContrastive.Learning.Methods;
using OrleansContrastive.Learning.Methods.Frame;
using OrleansContrastive.Learning.Negatives;
using OrleansContrastive.Learning.Tests.Golden;
using OrleansContrastive.Tests.Shared;
using TorchSharp;
using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Tests.Methods;

public sealed class MomentumContrastTests
{
    private const int Batch = 6, Inputs = 5, Width = 8;

    [Theory]
    [InlineData(1, ScalarType.Float32, 1e-6)]
    [InlineData(3, ScalarType.Float32, 1e-6)]
    [InlineData(1, ScalarType.Float64, 1e-14)]
    [InlineData(4, ScalarType.Float64, 1e-14)]
    public void Contrast_at_any_number_of_shards_equals_the_mirror(int shards, ScalarType type, double tolerance)
    {
        using var leaks = new TensorLeaks();
        using var scope = NewDisposeScope();
        using var network = new TinyNetwork(Inputs, 7, Width, type);
        var method = new MomentumContrast(new() { Temperature = 0.07 });
        var queues = FilledShards(shards, 24, type);
        using var mirror = new QueueMirror(24, Width, type, shards: shards);
        mirror.Apply([.. queues.Select(queue => queue.ReadSince(0))]);
        var keys = UnitRows(Batch, 77).to_type(type);
        long[] ids = [0, 1, 2, 100, 101, 102];

        var (near, nearGradient) = Run(pass => Contrast(method, pass, keys, mirror));
        var (far, farGradient) = Run(pass => Contrast(method, pass, keys, [.. queues.Select(queue =>
            PartialSoftmax.FromBytes(
                ShardContrast.Compute(pass.Queries[0].detach(), ids, queue, 0.07).ToBytes(type), type, Batch, Width))]));

        Close.All(Fields(near), Fields(far), tolerance * 10);
        Close.All(nearGradient, farGradient, tolerance);
        Assert.Equal(24 - 0.5, near.Negatives);

        (LossValue, double[]) Run(Func<EncodedBatch, LossValue> contrast)
        {
            network.zero_grad();
            using var pass = Encode(method, network, Views(1, type), ids);
            var value = contrast(pass);
            return (value, Gradient(network, type));
        }
    }

    [Fact]
    public void The_closed_form_gives_the_network_what_autograd_through_the_definition_gives()
    {
        using var leaks = new TensorLeaks();
        using var scope = NewDisposeScope();
        using var network = new TinyNetwork(Inputs, 7, Width, ScalarType.Float64);
        var queue = FilledShards(1, 24, ScalarType.Float64)[0];
        var (views, keys) = (Views(1, ScalarType.Float64), UnitRows(Batch, 77).to_type(ScalarType.Float64));
        var queries = nn.functional.normalize(network.forward(views), 2, 1);
        var expected = InfoNce.Loss(queries, keys, queue.Rows(0, 24), 0.07, [(1, 5)]);
        expected.backward();
        var gradient = Gradient(network, ScalarType.Float64);

        network.zero_grad();
        var method = new MomentumContrast(new() { Temperature = 0.07 });
        using var pass = Encode(method, network, views, [100, 5, 101, 102, 103, 104]);
        var value = Contrast(method, pass, keys, queue);
        Assert.Equal(expected.item<double>(), value.Loss, 1e-13);
        Close.All(gradient, Gradient(network, ScalarType.Float64), 1e-13);
    }

    [Fact]
    public void A_pass_survives_scopes_and_frees_its_tensors()
    {
        using var leaks = new TensorLeaks();
        using var network = new TinyNetwork(Inputs, 7, Width);
        var method = new MomentumContrast(new());
        EncodedBatch pass;
        using (NewDisposeScope())
        {
            pass = Encode(method, network, Views(1, ScalarType.Float32), [0, 1, 2, 3, 4, 5]);
        }

        Assert.Equal([Batch, Width], pass.Queries[0].shape);
        using (var scope = NewDisposeScope())
        {
            Contrast(method, pass, UnitRows(Batch, 3), [PartialSoftmax.Empty(Batch, Width)]);
            network.zero_grad();
        }

        pass.Dispose();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Without_negatives_loss_and_gradient_are_zero(bool atTheShard)
    {
        using var leaks = new TensorLeaks();
        using var scope = NewDisposeScope();
        using var network = new TinyNetwork(Inputs, 7, Width);
        using var mirror = new QueueMirror(4, Width, ScalarType.Float32);
        var method = new MomentumContrast(new());
        using var pass = Encode(method, network, Views(1, ScalarType.Float32), [0, 1, 2, 3, 4, 5]);
        var keys = UnitRows(Batch, 2);
        var value = atTheShard
            ? Contrast(method, pass, keys, [PartialSoftmax.Empty(Batch, Width)])
            : Contrast(method, pass, keys, mirror);

        Assert.Equal((0.0, 0.0, 1.0), (value.Negatives, value.ChanceLevel, value.Accuracy));
        Assert.Equal(0, value.Loss, 1e-6);
        Assert.Equal(0, value.Entropy, 1e-6);
        Assert.All(Gradient(network, ScalarType.Float32), slope => Assert.Equal(0, slope, 1e-6));
    }

    [Fact]
    public void A_row_of_the_querys_own_image_counts_only_as_released()
    {
        using var leaks = new TensorLeaks();
        using var scope = NewDisposeScope();
        using var network = new TinyNetwork(Inputs, 7, Width);
        var queues = FilledShards(1, 24, ScalarType.Float32);
        long[] ids = [0, 1, 2, 3, 4, 100];
        var keys = UnitRows(Batch, 2);
        LossValue Run(bool mask)
        {
            var method = new MomentumContrast(new() { MaskOwnSamples = mask });
            using var pass = Encode(method, network, Views(1, ScalarType.Float32), ids);
            return Contrast(method, pass, keys, queues[0]);
        }

        var (masked, released) = (Run(true), Run(false));
        Assert.Equal((24 - 5.0 / 6, 24.0), (masked.Negatives, released.Negatives));
        Assert.Equal(Math.Log(25), released.ChanceLevel, 1e-12);
        Assert.Equal((5 * Math.Log(24) + Math.Log(25)) / 6, masked.ChanceLevel, 1e-12);
        Assert.True(masked.Loss < released.Loss);
        network.zero_grad();
    }

    [Fact]
    public void Keys_come_back_in_order_through_any_permutation()
    {
        using var leaks = new TensorLeaks();
        using var scope = NewDisposeScope();
        using var network = new TinyNetwork(Inputs, 7, Width);
        var plain = new MomentumContrast(new() { ShuffleBatchNorm = false });
        var shuffled = new MomentumContrast(new());
        using var expected = MethodStep.EncodeKeys(plain, network, Views(1, ScalarType.Float32), new(1, 2, 0));
        using var found = MethodStep.EncodeKeys(shuffled, network, Views(1, ScalarType.Float32), new(1, 2, 0));

        Assert.False(found.requires_grad);
        Close.All(Embeddings.Doubles(expected), Embeddings.Doubles(found), 1e-6);
    }

    [Fact]
    public void The_permutation_depends_on_seed_lease_and_direction_only()
    {
        var shuffle = KeyShuffle.Draw(1, 2, 0, 64);
        Assert.Equal(shuffle.Order, KeyShuffle.Draw(1, 2, 0, 64).Order);
        Assert.NotEqual(shuffle.Order, KeyShuffle.Draw(1, 3, 0, 64).Order);
        Assert.NotEqual(shuffle.Order, KeyShuffle.Draw(1, 2, 1, 64).Order);
        Assert.Equal(Enumerable.Range(0, 64).Select(i => (long)i), shuffle.Order.Order());
        Assert.All(Enumerable.Range(0, 64), i => Assert.Equal(i, shuffle.Restore[shuffle.Order[i]]));
    }

    [Theory]
    [InlineData("", 0.5)]
    [InlineData("""{"symmetricLoss":"mean"}""", 0.5)]
    [InlineData("""{"symmetricLoss":"sum"}""", 1.0)]
    public void A_run_says_how_its_two_directions_add_up(string options, double weight)
    {
        foreach (var name in new[] { "moco-v1", "moco-v2" })
        {
            var entry = MethodRegistry.Shared.Find(name);
            Assert.Equal(weight, Assert.IsType<MomentumContrast>(entry.Create(new() { Symmetric = true }, options)).Options.DirectionWeight);
            Assert.Equal(1, Assert.IsType<MomentumContrast>(entry.Create(new(), options)).Options.DirectionWeight);
        }
    }

    [Theory]
    [InlineData(SymmetricLoss.Sum, 1.0)]
    [InlineData(SymmetricLoss.Mean, 0.5)]
    public void A_symmetric_step_adds_both_directions_and_hands_out_both_key_sets(SymmetricLoss kind, double weight)
    {
        using var leaks = new TensorLeaks();
        using var scope = NewDisposeScope();
        using var network = new TinyNetwork(Inputs, 7, Width, ScalarType.Float64);
        var queue = FilledShards(1, 24, ScalarType.Float64)[0];
        var (first, second) = (Views(1, ScalarType.Float64), Views(2, ScalarType.Float64));
        long[] ids = [100, 101, 102, 103, 104, 105];
        var asymmetric = new MomentumContrast(new());
        var expected = new double[Gradient(network, ScalarType.Float64).Length];
        foreach (var (queries, keys) in new[] { (first, second), (second, first) })
        {
            network.zero_grad();
            using var half = MethodStep.Run(asymmetric, network, network, [queries, keys], ids, queue, new(1, 0, 0));
            var gradient = Gradient(network, ScalarType.Float64);
            for (var i = 0; i < expected.Length; i++)
            {
                expected[i] += weight * gradient[i];
            }
        }

        network.zero_grad();
        var method = new MomentumContrast(new() { Symmetric = true, SymmetricLoss = kind });
        using var result = MethodStep.Run(method, network, network, [first, second], ids, queue, new(1, 0, 0));
        Close.All(expected, Gradient(network, ScalarType.Float64), 1e-12);
        Assert.Equal([2 * Batch, Width], result.Rows!.shape);
        Assert.Equal([.. ids, .. ids], result.SampleIds);
        Assert.Equal(Batch, result.Loss.Samples);
    }

    [Fact]
    public void A_network_that_went_astray_is_reported_and_not_thrown()
    {
        using var leaks = new TensorLeaks();
        using var scope = NewDisposeScope();
        using var network = new TinyNetwork(Inputs, 7, Width);
        var method = new MomentumContrast(new());
        var queue = FilledShards(1, 24, ScalarType.Float32)[0];
        using var pass = Encode(method, network, full([Batch, Inputs], double.NaN), [1, 2, 3, 4, 5, 6]);
        Assert.False(Contrast(method, pass, UnitRows(Batch, 2), queue).IsFinite);

        using var again = Encode(method, network, full([Batch, Inputs], double.NaN), [1, 2, 3, 4, 5, 6]);
        var part = ShardContrast.Compute(again.Queries[0].detach(), [], queue, 0.2);
        Assert.False(Contrast(method, again, UnitRows(Batch, 2), [part]).IsFinite);
        network.zero_grad();
    }

    [Fact]
    public void Impossible_options_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new MomentumContrast(new() { Temperature = 0 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => new MomentumContrast(new() { Momentum = 1.1 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => new MomentumContrast(new() { QueueLength = 0 }));
    }

    private static EncodedBatch Encode(MomentumContrast method, TinyNetwork network, Tensor views, long[] ids) =>
        MethodStep.Encode(method, new() { Network = network, Views = [views], SampleIds = ids });

    private static LossValue Contrast(MomentumContrast method, EncodedBatch pass, Tensor keys, INegativeRows memory) =>
        Finish(method, pass, keys, MethodStep.Answer(method.Plan.Contrast!, pass, memory));

    private static LossValue Contrast(MomentumContrast method, EncodedBatch pass, Tensor keys, PartialSoftmax[] parts) =>
        Finish(method, pass, keys, [[.. parts.Select(part => new[] { part })]]);

    private static LossValue Finish(
        MomentumContrast method, EncodedBatch pass, Tensor keys, IReadOnlyList<IReadOnlyList<PartialSoftmax[]>> answers)
    {
        using var result = MethodStep.Finish(method, pass, new() { Keys = [keys] }, answers);
        return result.Loss;
    }

    /// <summary>Rows of samples 0, 1, 2, …, dealt round the shards.</summary>
    private static KeyQueue[] FilledShards(int shards, int rows, ScalarType type)
    {
        var all = UnitRows(rows, 50).to_type(type);
        var bytes = all.bytes.ToArray();
        var rowBytes = bytes.Length / rows;
        return [.. Enumerable.Range(0, shards).Select(shard =>
        {
            var queue = new KeyQueue(rows / shards, Width, type);
            long[] ids = [.. Enumerable.Range(0, rows).Where(row => row % shards == shard).Select(row => (long)row)];
            queue.Append(
                ids.SelectMany(row => bytes.AsSpan((int)row * rowBytes, rowBytes).ToArray()).ToArray(),
                ids,
                new RowStamp(1, 1, shard, shards));
            return queue;
        })];
    }

    private static Tensor Views(ulong seed, ScalarType type) =>
        tensor(Pattern.Double(Batch * Inputs, seed), [Batch, Inputs]).to_type(type);

    private static Tensor UnitRows(int rows, ulong seed) =>
        nn.functional.normalize(tensor(Pattern.Single(rows * Width, seed), [rows, Width]), 2, 1);

    private static double[] Gradient(TinyNetwork network, ScalarType type)
    {
        using var scope = NewDisposeScope();
        return [.. network.parameters().SelectMany(parameter =>
            parameter.grad is { } gradient ? Embeddings.Doubles(gradient) : new double[parameter.NumberOfElements])];
    }

    private static double[] Fields(LossValue value) =>
        [value.Loss, value.ChanceLevel, value.Negatives, value.PositiveSimilarity, value.Accuracy, value.Entropy];
}
