using OrleansContrastive.Contracts.Blocks;
using OrleansContrastive.Contracts.Runs;
using OrleansContrastive.Contracts.Workers;
using OrleansContrastive.Grains.Workers;

namespace OrleansContrastive.Grains.Tests.Runs;

/// <summary>Gradients and parameters in half the bytes.</summary>
public sealed class WireTests
{
    [Fact]
    public async Task Two_steps_of_lockstep_in_bfloat16_are_nearly_the_same()
    {
        var spec = SmallRuns.Lockstep(steps: 2);
        // So small that everything travels in parts.
        var compact = spec with { Wire = WireFormat.BFloat16, MaxBlockBytes = 2048 };

        var distance = (await TestRun.TrainAsync(compact)).Distance(await TestRun.TrainAsync(spec), wide: false);
        Assert.InRange(distance, 1e-7, 0.02);
    }

    [Theory]
    [InlineData(StalenessCorrection.Inverse)]
    [InlineData(StalenessCorrection.DelayCompensation)]
    [InlineData(StalenessCorrection.AdaptiveDelayCompensation)]
    public async Task Bounded_in_bfloat16_with_any_correction_learns_and_counts_every_sample_once(StalenessCorrection correction)
    {
        var spec = SmallRuns.Lockstep(steps: 60) with
        {
            Consistency = new() { Mode = ConsistencyMode.Bounded, StalenessBound = 1, Correction = correction, Compensation = 0.04 },
            Topology = new() { Encoders = 2, KeyEncoders = 2, ParameterShards = 2 },
            Wire = WireFormat.BFloat16,
        };
        using var folder = new OrleansContrastive.Tests.Shared.TemporaryFolder();
        await using var run = await TestRun.OpenAsync(folder.Path, lanes: 2);
        await run.Grain.StartAsync(spec, hold: false);
        var status = await run.UntilAsync(status => status.Phase == RunPhase.Completed);

        Assert.Equal((60, 480, 0), (status.Version, status.SamplesApplied, status.SamplesSkipped));
        Assert.True(status.Loss < status.ChanceLevel, $"Loss {status.Loss:F3}, chance {status.ChanceLevel:F3}.");
    }

    [Fact]
    public void A_residual_counts_when_its_lease_commits_and_not_before()
    {
        var wire = new GradientWire();
        var view = View(ConsistencyMode.Unbounded);
        var first = Bytes(wire.Pack(view, Gradient(1.003f)));
        wire.Settle(committed: false);
        Assert.Equal(first, Bytes(wire.Pack(view, Gradient(1.003f))));
        wire.Settle(committed: true);
        // 0.003 is left over; with the next 0.003 it is nearer to the next number, 1 + 2^-7.
        Assert.NotEqual(first, Bytes(wire.Pack(view, Gradient(1.003f))));

        wire.Settle(committed: true);
        Assert.Equal(0, wire.TakeLost());
        Assert.Equal(first, Bytes(wire.Pack(view with { History = 1 }, Gradient(1.003f))));
        Assert.Equal((1, 0), (wire.TakeLost(), wire.TakeLost()));
    }

    [Fact]
    public void Lockstep_keeps_no_residual()
    {
        var wire = new GradientWire();
        var view = View(ConsistencyMode.Lockstep);
        var first = Bytes(wire.Pack(view, Gradient(1.003f)));
        wire.Settle(committed: true);
        Assert.Equal(first, Bytes(wire.Pack(view, Gradient(1.003f))));
    }

    private static StepGradients Gradient(float value) => new([BitConverter.GetBytes(value)], [ReadOnlyMemory<byte>.Empty]);

    private static byte[] Bytes(StepGradients gradients)
    {
        Assert.Equal(ElementType.BFloat16, gradients.Type);
        return gradients.Shards[0].ToArray();
    }

    private static RunView View(ConsistencyMode mode) => new()
    {
        History = 0,
        Spec = Protocol.TestSpecs.Create(mode) with { Wire = WireFormat.BFloat16 },
        ParameterShards = ["p"],
        NegativeShards = ["n"],
        Encoders = ["e"],
        MomentumEncoders = ["k"],
        Augmentations = ["a"],
        Evaluation = "x",
    };
}
