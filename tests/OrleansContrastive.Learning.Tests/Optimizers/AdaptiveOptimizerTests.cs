using System.Runtime.InteropServices;
using OrleansContrastive.Learning.Encoders;
using OrleansContrastive.Learning.Optimizers;
using OrleansContrastive.Learning.Tests.Golden;
using TorchSharp;

namespace OrleansContrastive.Learning.Tests.Optimizers;

/// <summary>AdamW, LARS and LARC over twenty steps against PyTorch, and what shards and threads may not change.</summary>
public sealed class AdaptiveOptimizerTests
{
    private const int Steps = 20;
    private static readonly GoldenFile File = new("Optimizers/golden/adaptive.golden");

    // As in make_golden_adaptive.py: the scale starts from zero, the last matrix has no gradient.
    private static readonly long[][] Shapes = [[13, 7], [13], [5, 3, 3, 3], [5], [4, 6]];

    public static TheoryData<string, string, bool, double, double, bool> Cases => new()
    {
        // name, optimizer, spares biases and norms, weight decay, trust coefficient, clips
        { "lars", "lars", false, 0.01, 0.02, false },
        { "lars", "lars", true, 0.01, 0.02, false },
        { "lars-nesterov", "lars", false, 0.01, 0.02, false },
        { "lars-google", "lars-google", false, 0.01, 0.02, false },
        { "lars-lightly", "lars-lightly", true, 0.01, 0.02, false },
        { "lars-lightly-all", "lars-lightly", false, 0.01, 0.02, false },
        { "lars-lightly-no-decay", "lars-lightly", true, 0, 0.02, false },
        { "lars-solo", "lars-solo", true, 0.01, 0.02, false },
        { "lars-solo-all", "lars-solo", false, 0.01, 0.02, false },
        { "lars-solo-no-decay", "lars-solo", true, 0, 0.02, false },
        { "lars-solo-clip", "lars-solo", true, 0.01, 0.3, true },
        { "larc", "larc", false, 0.01, 0.02, false },
        { "larc-excluded", "larc", true, 0.01, 0.02, false },
        { "larc-clip", "larc", false, 0.01, 0.3, true },
        { "adamw", "adamw", true, 0.05, 1, false },
        { "adamw-all", "adamw", false, 0.3, 1, false },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void Twenty_steps_equal_PyTorch_in_single_precision(
        string name, string optimizer, bool spares, double decay, double trust, bool clips)
    {
        var end = Train<float>(name, optimizer, spares, decay, trust, clips);
        Numbers.Close(Wide(File.Single($"{name}.32")), Wide(Of<float>(end.Weights)), 1e-6, name);
        if (optimizer != "adamw") return;
        Numbers.Close(Wide(File.Single($"{name}.32.mean")), Wide(Of<float>(end.Velocity)), 1e-6, "mean");
        Numbers.Close(Wide(File.Single($"{name}.32.square")), Wide(Of<float>(end.SecondMoment)), 1e-6, "square");
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Twenty_steps_equal_PyTorch_in_double_precision(
        string name, string optimizer, bool spares, double decay, double trust, bool clips)
    {
        var end = Train<double>(name, optimizer, spares, decay, trust, clips);
        Numbers.Close(File.Double($"{name}.64"), Of<double>(end.Weights), 1e-12, name);
        if (optimizer != "adamw") return;
        Numbers.Close(File.Double($"{name}.64.mean"), Of<double>(end.Velocity), 1e-12, "mean");
        Numbers.Close(File.Double($"{name}.64.square"), Of<double>(end.SecondMoment), 1e-12, "square");
    }

    [Theory]
    [InlineData("adamw")]
    [InlineData("lars")]
    [InlineData("lars-google")]
    [InlineData("larc")]
    public void Shards_and_threads_change_no_bit(string name)
    {
        const int Large = 700_000;
        long[][] shapes = [[1001], [Large, 1], [77, 3]];
        var optimizer = Create(name);
        var layout = Layout<float>(shapes, spares: true);
        var runs = ParameterRun.Of(layout, optimizer);
        var weights = Pattern.Single(layout.ParameterCount, 1);
        StagedUpdate[] updates =
        [
            new(Bytes(Pattern.Single(layout.ParameterCount, 2)), default, 3),
            new(Bytes(Pattern.Single(layout.ParameterCount, 3)), default, 5),
        ];
        var start = Start(weights, optimizer);
        var whole = Next(Next(start, updates, runs, 1), updates, runs, 1);
        var threaded = Next(Next(start, updates, runs, 2), updates, runs, 2);
        Assert.True(whole.Weights.Span.SequenceEqual(threaded.Weights.Span));
        Assert.True(whole.Velocity.Span.SequenceEqual(threaded.Velocity.Span));

        // The last tensor on a shard of its own begins at another place in memory.
        const int Cut = 1001 + Large;
        ParameterRun[] ownRuns = [runs[^1] with { Offset = 0, Length = 77 * 3 }];
        StagedUpdate[] own = [.. updates.Select(update => update with { Gradient = update.Gradient[(Cut * sizeof(float))..] })];
        var shard = Next(Next(Start(weights[Cut..], optimizer), own, ownRuns, 1), own, ownRuns, 1);
        Assert.True(whole.Weights.Span[(Cut * sizeof(float))..].SequenceEqual(shard.Weights.Span));
        Assert.True(whole.KeyWeights.Span[(Cut * sizeof(float))..].SequenceEqual(shard.KeyWeights.Span));

        ParameterVersion Next(ParameterVersion from, StagedUpdate[] parts, ParameterRun[] by, int threads) =>
            from.Next(parts, by, new(0.1, 0.9, 0.01, false, 0.99), threads, optimizer: optimizer);

        ParameterVersion Start(ReadOnlySpan<float> values, Optimizer by) =>
            ParameterVersion.Start(torch.ScalarType.Float32, Bytes(values), default, optimizer: by);
    }

    [Fact]
    public void A_fixed_rate_follows_no_schedule()
    {
        ShardLayout layout = new(0, ModelLayout.LayOut([Slot("encoder.weight"), Slot("predictor.weight"), Slot("predictors.weight")]), [], sizeof(double));
        var runs = ParameterRun.Of(layout, fixedRateParts: ["predictor"]);
        Assert.Equal([false, true, false], runs.Select(run => run.FixedRate));

        double[] ones = [1, 1, 1];
        var start = ParameterVersion.Start(torch.ScalarType.Float64, new byte[3 * sizeof(double)], default);
        var next = start.Next([new(MemoryMarshal.AsBytes(ones.AsSpan()).ToArray(), default, 1)], runs, new(0.25, 0, 0, false, 0, FixedRate: 0.5));
        Assert.Equal([-0.25, -0.5, -0.25], Of<double>(next.Weights));

        static TensorSlot Slot(string name) => new(name, [1, 1], 0, 1, true);
    }

    [Fact]
    public void The_bias_correction_counts_no_version_of_skipped_leases()
    {
        var optimizer = Create("adamw");
        ParameterRun[] runs = [new(0, 1, true)];
        StagedUpdate[] updates = [new(new byte[] { 0, 0, 0, 0x3F }, default, 1)];
        SgdStep step = new(0.1, 0, 0, false, 0.99);
        var start = ParameterVersion.Start(torch.ScalarType.Float32, new byte[4], default, optimizer: optimizer);
        var skipped = start.Next([], runs, step, optimizer: optimizer);
        Assert.Equal((1, 0), (skipped.Number, skipped.Steps));
        Assert.Equal(
            start.Next(updates, runs, step, optimizer: optimizer).Weights.ToArray(),
            skipped.Next(updates, runs, step, optimizer: optimizer).Weights.ToArray());
    }

    [Fact]
    public void What_an_optimizer_needs_and_lacks_is_named()
    {
        ParameterRun[] runs = [new(0, 1, true)];
        StagedUpdate[] updates = [new(new byte[4], default, 1)];
        var start = ParameterVersion.Start(torch.ScalarType.Float32, new byte[4], default);
        Assert.Contains(
            "SecondMoment has 0 bytes; expected 4",
            Assert.Throws<ArgumentException>(() => start.Next(updates, runs, default, optimizer: Create("adamw"))).Message);
        Assert.Contains(
            "needs the norm of each",
            Assert.Throws<ArgumentException>(() => start.Next(updates, runs, default, optimizer: Create("lars"))).Message);
        Assert.Contains("known are: sgd, adamw", Assert.Throws<ArgumentException>(() => Create("adam")).Message);
        Assert.Contains(
            "Beta2 of the optimizer is 1; expected 0 to below 1",
            Assert.Throws<ArgumentException>(() => Optimizer.Create("adamw", new() { Beta2 = 1 })).Message);
        Assert.Contains(
            "GradientClip of the optimizer is -1; expected 0 or more",
            Assert.Throws<ArgumentException>(() => Optimizer.Create("adamw", new() { GradientClip = -1 })).Message);
        Assert.Contains(
            "needs the norm of each",
            Assert.Throws<ArgumentException>(() => start.Next(updates, runs, default, optimizer: Optimizer.Create("sgd", new() { GradientClip = 1 }))).Message);
    }

    [Theory]
    [InlineData("sgd")]
    [InlineData("adamw")]
    [InlineData("lars-solo")]
    public void A_clipped_gradient_is_the_mean_of_all_cut_to_its_length_tensor_by_tensor(string name)
    {
        var optimizer = Optimizer.Create(name, new() { GradientClip = 3 });
        ParameterRun[] runs = [new(0, 2, true, Alone: true), new(2, 3, true, Alone: true)];
        SgdStep step = new(0.1, 0.9, 0.01, false, 0.99);
        // The first tensor's mean is (6, 8) with a norm of 10; the second's is short enough.
        double[] one = [4, 10, 1, 0, 2], other = [8, 6, 3, 2, 0], clipped = [6 * 3 / (10 + 1e-6), 8 * 3 / (10 + 1e-6), 2, 1, 1];
        var start = ParameterVersion.Start(torch.ScalarType.Float64, Wire([0.5, -0.25, 1, -1, 2]), default, optimizer: optimizer);
        var plain = Create(name);
        var expected = start.Next([new(Wire(clipped), default, 1)], runs, step, optimizer: plain);
        var next = start.Next([new(Wire(one), default, 64), new(Wire(other), default, 64)], runs, step, optimizer: optimizer);
        Numbers.Close(Of<double>(expected.Weights), Of<double>(next.Weights), 1e-15, nameof(next.Weights));
        Numbers.Close(Of<double>(expected.Velocity), Of<double>(next.Velocity), 1e-15, nameof(next.Velocity));
        Numbers.Close(Of<double>(expected.SecondMoment), Of<double>(next.SecondMoment), 1e-15, nameof(next.SecondMoment));

        static byte[] Wire(double[] values) => MemoryMarshal.AsBytes(values.AsSpan()).ToArray();
    }

    [Theory]
    [InlineData("sgd")]
    [InlineData("adamw")]
    [InlineData("lars")]
    public void A_limit_that_nothing_reaches_changes_no_bit(string name)
    {
        var layout = Layout<float>(Shapes, spares: false);
        var updates = new StagedUpdate[] { new(Flat<float>(1000, _ => false), default, 1), new(Flat<float>(2000, _ => false), default, 2) };
        SgdStep step = new(0.1, 0.9, 0.01, false, 0.99);
        Assert.Equal(Next(Create(name)), Next(Optimizer.Create(name, new() { GradientClip = 1e9 })));


        byte[] Next(Optimizer optimizer) => ParameterVersion
            .Start(torch.ScalarType.Float32, Flat<float>(100, _ => false), default, optimizer: optimizer)
            .Next(updates, ParameterRun.Of(layout, optimizer), step, optimizer: optimizer).Weights.ToArray();
    }

    private static ParameterVersion Train<T>(string name, string optimizerName, bool spares, double decay, double trust, bool clips)
        where T : unmanaged
    {
        OptimizerConstants constants = new() { TrustCoefficient = trust, ClipsTrust = clips };
        if (name == "adamw-all") constants = constants with { Beta1 = 0.8, Beta2 = 0.95, Epsilon = 1e-6 };
        var optimizer = Optimizer.Create(optimizerName, constants);
        var layout = Layout<T>(Shapes, spares);
        var runs = ParameterRun.Of(layout, optimizer);
        var type = typeof(T) == typeof(float) ? torch.ScalarType.Float32 : torch.ScalarType.Float64;
        var version = ParameterVersion.Start(type, Flat<T>(100, i => i == 3), default, optimizer: optimizer);
        for (var step = 0; step < Steps; step++)
        {
            StagedUpdate update = new(Flat<T>(1000 + 10 * step, i => i == 4), default, 1);
            SgdStep numbers = new(Rate(step, optimizerName == "adamw" ? 0.01 : 0.4), 0.9, decay, name.EndsWith("nesterov", StringComparison.Ordinal), 0.99);
            version = version.Next([update], runs, numbers, optimizer: optimizer);
        }

        return version;
    }

    private static double Rate(int step, double rate) => rate * (step < 5 ? (step + 1) / 5.0 : 1 - (step - 5) / 20.0);

    private static Optimizer Create(string name) => Optimizer.Create(name, new());

    private static ShardLayout Layout<T>(long[][] shapes, bool spares) where T : unmanaged => new(
        0,
        ModelLayout.LayOut(shapes.Select((shape, i) => new TensorSlot($"{i}", shape, 0, Count(shape), !spares || shape.Length > 1))),
        [],
        Marshal.SizeOf<T>());

    private static byte[] Flat<T>(int seed, Func<int, bool> isZero) where T : unmanaged
    {
        var flat = new List<byte>();
        for (var i = 0; i < Shapes.Length; i++)
        {
            var values = isZero(i) ? new double[Count(Shapes[i])] : Pattern.Double(Count(Shapes[i]), (ulong)(seed + i));
            flat.AddRange(typeof(T) == typeof(double)
                ? MemoryMarshal.AsBytes(values.AsSpan())
                : Bytes(values.Select(value => (float)value).ToArray()));
        }

        return [.. flat];
    }

    private static int Count(long[] shape) => (int)shape.Aggregate(1L, (a, b) => a * b);

    private static byte[] Bytes(ReadOnlySpan<float> values) => MemoryMarshal.AsBytes(values).ToArray();

    private static T[] Of<T>(ReadOnlyMemory<byte> bytes) where T : unmanaged => MemoryMarshal.Cast<byte, T>(bytes.Span).ToArray();

    private static double[] Wide(float[] values) => [.. values.Select(value => (double)value)];
}
