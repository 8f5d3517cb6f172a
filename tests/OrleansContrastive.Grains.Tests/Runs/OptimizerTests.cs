using System.Runtime.InteropServices;
using OrleansContrastive.Contracts.Runs;
using OrleansContrastive.Tests.Shared;

namespace OrleansContrastive.Grains.Tests.Runs;

/// <summary>Optimizers on the shards learn what they learn in one process, however the tensors are spread.</summary>
public sealed class OptimizerTests
{
    [Theory]
    [InlineData("adamw")]
    [InlineData("lars")]
    public async Task One_encoder_in_lockstep_is_the_plain_loop_bit_for_bit(string kind)
    {
        var spec = With(SmallRuns.Lockstep(steps: 20), kind);
        (await PlainRun.TrainAsync(spec)).AssertEqual(await TestRun.TrainAsync(spec));
    }

    [Theory]
    [InlineData("adamw")]
    [InlineData("lars-solo")]
    [InlineData("lars-google")]
    [InlineData("larc")]
    public async Task Three_shards_change_no_bit_of_the_weights(string kind)
    {
        var one = With(SmallRuns.Lockstep(steps: 8), kind);
        var three = one with { Topology = one.Topology with { ParameterShards = 3 }, MaxBlockBytes = 2048 };
        var (expected, found) = (await TestRun.TrainAsync(one), await TestRun.TrainAsync(three));
        Assert.Equal(Sorted(expected.Query), Sorted(found.Query));
        Assert.Equal(Sorted(expected.Key), Sorted(found.Key));
    }

    [Fact]
    public async Task A_checkpoint_keeps_the_second_moment_and_its_count()
    {
        var spec = With(SmallRuns.Lockstep(steps: 40), "adamw");
        spec = spec with
        {
            Topology = spec.Topology with { ParameterShards = 2 },
            Optimizer = spec.Optimizer with { WarmUpEpochs = 0.25, WarmUpStart = 1e-4, FinalLearningRate = 1e-5, WeightDecayEnd = 0.4 },
            Contrast = spec.Contrast with { KeyMomentumSchedule = "cosine" },
        };
        var undisturbed = await TestRun.TrainAsync(spec);

        using var folder = new TemporaryFolder();
        await using (var first = await TestRun.OpenAsync(folder.Path))
        {
            await first.Grain.StartAsync(spec, hold: false);
            await first.UntilAsync(status => status.Version >= 13);
            await first.Grain.RequestCheckpointAsync(thenStop: true);
            Assert.InRange((await first.UntilAsync(status => status.Phase == RunPhase.Stopped)).Version, 13, 39);
        }

        await using var second = await TestRun.OpenAsync(folder.Path);
        await second.Grain.StartAsync(null, hold: false);
        await second.UntilAsync(status => status.Phase == RunPhase.Completed);
        undisturbed.AssertEqual(await second.OutcomeAsync());
    }

    private static RunSpec With(RunSpec spec, string kind) => spec with
    {
        Optimizer = spec.Optimizer with
        {
            Kind = kind,
            LearningRate = kind == "adamw" ? 1e-3 : 0.5,
            WeightDecay = 0.04,
            ExcludeNormAndBias = true,
            TrustCoefficient = 0.02,
        },
    };

    private static float[] Sorted(byte[] bytes)
    {
        var values = MemoryMarshal.Cast<byte, float>(bytes).ToArray();
        Array.Sort(values);
        return values;
    }
}
