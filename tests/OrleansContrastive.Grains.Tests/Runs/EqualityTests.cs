using OrleansContrastive.Contracts.Runs;

namespace OrleansContrastive.Grains.Tests.Runs;

/// <summary>What a run learns does not depend on who computes it.</summary>
public sealed class EqualityTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task One_encoder_in_lockstep_is_the_plain_loop_bit_for_bit(bool symmetric)
    {
        var spec = SmallRuns.Lockstep(steps: 50);
        spec = spec with { Contrast = spec.Contrast with { Symmetric = symmetric }, Model = spec.Model with { BatchNormSplits = 2 } };

        var plain = await PlainRun.TrainAsync(spec);
        var actors = await TestRun.TrainAsync(spec);

        Assert.Equal(50 * 8 * (symmetric ? 2 : 1), actors.QueueSequence);
        plain.AssertEqual(actors);
    }

    [Fact]
    public async Task Several_encoders_in_lockstep_equal_one_with_the_whole_batch_after_a_step()
    {
        var whole = SmallRuns.Lockstep(steps: 1, batch: 24);
        var cut = Unshuffled(whole).CutInto(3);
        var one = Unshuffled(whole) with { Model = whole.Model with { BatchNormSplits = 3 } };

        Assert.InRange((await TestRun.TrainAsync(cut)).Distance(await TestRun.TrainAsync(one), wide: false), 0, 1e-5);
    }

    [Fact]
    public async Task Several_encoders_in_lockstep_equal_one_with_the_whole_batch_after_50_steps_in_float64()
    {
        var whole = SmallRuns.Lockstep(steps: 50, batch: 16, precision: "float64");
        var cut = Unshuffled(whole).CutInto(2);
        var one = Unshuffled(whole) with { Model = whole.Model with { BatchNormSplits = 2 } };

        Assert.InRange((await TestRun.TrainAsync(cut)).Distance(await TestRun.TrainAsync(one), wide: true), 0, 1e-8);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task Contrast_at_the_shards_equals_the_mirror(int shards)
    {
        var mirror = SmallRuns.Lockstep(steps: 30, precision: "float64");
        var atShards = mirror with
        {
            Contrast = mirror.Contrast with { Mode = NegativeMode.Shard },
            Topology = mirror.Topology with { NegativeShards = shards },
        };

        Assert.InRange((await TestRun.TrainAsync(atShards)).Distance(await TestRun.TrainAsync(mirror), wide: true), 0, 1e-6);
    }

    [Fact]
    public async Task Several_shards_of_everything_change_no_bit_of_the_weights()
    {
        var one = SmallRuns.Lockstep(steps: 20);
        var several = one with
        {
            Topology = one.Topology with { ParameterShards = 3, NegativeShards = 3, Augmentations = 2, KeyEncoders = 2 },
            // So small that every shard travels in parts.
            MaxBlockBytes = 2048,
        };

        var (expected, found) = (await TestRun.TrainAsync(one), await TestRun.TrainAsync(several));
        // Shards hold other tensors each, so compare what the weights amount to.
        Assert.Equal(Sorted(expected.Query), Sorted(found.Query));
        Assert.Equal(Sorted(expected.Key), Sorted(found.Key));
    }

    private static RunSpec Unshuffled(RunSpec spec) => spec with { Contrast = spec.Contrast with { ShuffleKeys = false } };

    private static float[] Sorted(byte[] bytes)
    {
        var values = System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(bytes).ToArray();
        Array.Sort(values);
        return values;
    }
}
