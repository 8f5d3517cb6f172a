using OrleansContrastive.Contracts.Runs;
using OrleansContrastive.Tests.Shared;

namespace OrleansContrastive.Grains.Tests.Runs;

/// <summary>Banks beside queues, and the strategies, through all grains.</summary>
public sealed class StoreTests
{
    [Theory]
    [InlineData(SamplingKind.Recent, 1)]
    [InlineData(SamplingKind.Hardest, 3)]
    [InlineData(SamplingKind.Debiased, 2)]
    [InlineData(SamplingKind.Reweighted, 3)]
    [InlineData(SamplingKind.Mixed, 1)]
    [InlineData(SamplingKind.Synthetic, 1)]
    [InlineData(SamplingKind.Uniform, 1)]
    public async Task A_strategy_at_the_shards_equals_the_mirror(SamplingKind kind, int shards)
    {
        var mirror = SmallRuns.Lockstep(steps: 6, precision: "float64");
        mirror = mirror with { Contrast = mirror.Contrast with { Sampling = new() { Kind = kind, Rows = 12, MixedPairs = 8, MixedWithQuery = 4 } } };
        var atShards = mirror with
        {
            Contrast = mirror.Contrast with { Mode = NegativeMode.Shard },
            Topology = mirror.Topology with { NegativeShards = shards },
            // An answer of twelve parts comes in pieces.
            MaxBlockBytes = 4096,
        };

        Assert.InRange((await TestRun.TrainAsync(atShards)).Distance(await TestRun.TrainAsync(mirror), wide: true), 0, 1e-6);
    }

    [Theory]
    [InlineData(SamplingKind.Hardest, NegativeMode.Mirror)]
    [InlineData(SamplingKind.Reweighted, NegativeMode.Mirror)]
    [InlineData(SamplingKind.Mixed, NegativeMode.Mirror)]
    [InlineData(SamplingKind.Hardest, NegativeMode.Shard)]
    [InlineData(SamplingKind.Reweighted, NegativeMode.Shard)]
    [InlineData(SamplingKind.Mixed, NegativeMode.Shard)]
    public async Task One_asynchronous_encoder_learns_the_bits_of_lockstep_by_any_strategy(SamplingKind kind, NegativeMode mode)
    {
        var spec = SmallRuns.Lockstep(steps: 12);
        spec = spec with
        {
            Contrast = spec.Contrast with { Mode = mode, Sampling = new() { Kind = kind, Rows = 12, MixedPairs = 8, MixedWithQuery = 4 } },
            Topology = spec.Topology with { NegativeShards = mode == NegativeMode.Shard ? 2 : 1 },
        };
        (await TestRun.TrainAsync(spec)).AssertEqual(await TestRun.TrainAsync(spec with { Consistency = new() { Mode = ConsistencyMode.Unbounded } }));
    }

    // Noise is not among these: outside lockstep the shards are told the Z of the encoder's last answer, which is a step older.
    [Fact]
    public async Task One_asynchronous_encoder_learns_the_bits_of_lockstep_from_a_bank()
    {
        var spec = Bank(SmallRuns.Lockstep(steps: 8, precision: "float64"), shards: 2);
        var (lockstep, _) = await TrainAsync(spec);
        var (alone, status) = await TrainAsync(spec with { Consistency = new() { Mode = ConsistencyMode.Unbounded } });
        Assert.Equal(16, status.Version);
        Assert.Equal(lockstep, alone);
    }

    [Theory]
    [InlineData(SamplingKind.Mixed)]
    [InlineData(SamplingKind.Synthetic)]
    public async Task Mixing_that_begins_within_a_run_begins_at_the_same_lease_everywhere(SamplingKind kind)
    {
        var spec = SmallRuns.Lockstep(steps: 6, precision: "float64");
        Task<RunOutcome> Train(double leases, NegativeMode mode) => TestRun.TrainAsync(spec with
        {
            Contrast = spec.Contrast with
            {
                Mode = mode,
                Sampling = new() { Kind = kind, Rows = 12, MixedPairs = 8, MixedWithQuery = 4, MixAfterEpochs = leases / spec.LeasesPerEpoch },
            },
        });

        var late = await Train(4, NegativeMode.Mirror);
        Assert.InRange((await Train(4, NegativeMode.Shard)).Distance(late, wide: true), 0, 1e-6);
        foreach (var other in new[] { 0, 3, 5 }) Assert.True((await Train(other, NegativeMode.Mirror)).Distance(late, wide: true) > 1e-6, $"After {other} leases it is the same.");
    }

    [Fact]
    public async Task A_bank_learns_the_same_on_any_number_of_shards_and_after_a_resume()
    {
        var spec = Bank(SmallRuns.Lockstep(steps: 12, precision: "float64"), shards: 1);
        var (undisturbed, status) = await TrainAsync(spec);
        Assert.True(status.Loss < status.ChanceLevel, $"Loss {status.Loss:F3}, chance {status.ChanceLevel:F3}.");
        // All rows but the query's own count from the first step on.
        Assert.Equal(Math.Log(spec.Dataset.Count), status.ChanceLevel, 1e-9);
        Assert.Equal(0, status.Asynchrony!.KeyAge.Count);
        Assert.True(status.Asynchrony.BankAge.Count > 0 && status.Asynchrony.BankAge.Max <= 24, $"{status.Asynchrony.BankAge}");

        var (sharded, _) = await TrainAsync(Bank(spec, shards: 3));
        Assert.Equal(0, Furthest(undisturbed, sharded), 1e-6);

        using var folder = new TemporaryFolder();
        await using (var first = await TestRun.OpenAsync(folder.Path))
        {
            await first.Grain.StartAsync(spec, hold: false);
            await first.UntilAsync(status => status.Version >= 5);
            await first.Grain.RequestCheckpointAsync(thenStop: true);
            await first.UntilAsync(status => status.Phase == RunPhase.Stopped);
        }

        await using var second = await TestRun.OpenAsync(folder.Path);
        await second.Grain.StartAsync(null, hold: false);
        await second.UntilAsync(status => status.Phase == RunPhase.Completed);
        Assert.Equal(undisturbed, await second.WeightsAsync());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Noise_contrast_learns_the_same_on_any_number_of_shards(bool asReleased)
    {
        var spec = Bank(SmallRuns.Lockstep(steps: 8, precision: "float64"), shards: 1);
        spec = spec with
        {
            Contrast = spec.Contrast with { Sampling = new() { Kind = SamplingKind.Noise, Rows = 20 }, FreezePartition = asReleased, MaskOwnSample = !asReleased },
        };
        var (one, status) = await TrainAsync(spec);
        Assert.True(status.Loss < status.ChanceLevel, $"Loss {status.Loss:F3}, chance {status.ChanceLevel:F3}.");
        var (several, _) = await TrainAsync(Bank(spec, shards: 3));
        Assert.Equal(0, Furthest(one, several), 1e-6);
    }

    private static RunSpec Bank(RunSpec spec, int shards) => spec with
    {
        Contrast = spec.Contrast with { Store = NegativeStoreKind.Bank, Mode = NegativeMode.Shard },
        Topology = spec.Topology with { NegativeShards = shards },
        Epochs = 2,
    };

    private static async Task<(double[] Weights, RunStatus Status)> TrainAsync(RunSpec spec)
    {
        using var folder = new TemporaryFolder();
        await using var run = await TestRun.OpenAsync(folder.Path);
        await run.Grain.StartAsync(spec, hold: false);
        var status = await run.UntilAsync(status => status.Phase == RunPhase.Completed);
        return (await run.WeightsAsync(), status);
    }

    private static double Furthest(double[] mine, double[] others) => mine.Zip(others).Max(pair => Math.Abs(pair.First - pair.Second));
}
