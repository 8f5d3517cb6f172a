using OrleansContrastive.Contracts.Runs;
using OrleansContrastive.Tests.Shared;

namespace OrleansContrastive.Grains.Tests.Runs;

public sealed class UnboundedTests
{
    [Fact]
    public async Task Every_sample_counts_once_and_nobody_waits()
    {
        var spec = SmallRuns.Lockstep(steps: 24);
        spec = spec with
        {
            Consistency = new() { Mode = ConsistencyMode.Unbounded },
            Topology = new() { Encoders = 3, KeyEncoders = 2, ParameterShards = 2, NegativeShards = 2 },
            Epochs = 2,
        };
        using var folder = new TemporaryFolder();
        await using var run = await TestRun.OpenAsync(folder.Path, lanes: 3);
        await run.Grain.StartAsync(spec, hold: false);
        var status = await run.UntilAsync(status => status.Phase == RunPhase.Completed);

        Assert.Equal((48, 48, 384), (status.Version, status.LeasesDone, status.SamplesApplied));
        Assert.Equal((0, 0, 0), (status.SamplesSkipped, status.UpdatesRolledBack, status.BrokenImages));
        Assert.True(status.Staleness > 0, "Three encoders that never met a newer version did not run side by side.");
    }
    [Theory]
    [InlineData(ConsistencyMode.Bounded, Prefetch.None)]
    [InlineData(ConsistencyMode.Unbounded, Prefetch.Views)]
    public async Task One_encoder_meets_its_own_last_update_and_learns_the_bits_of_lockstep(ConsistencyMode mode, Prefetch prefetch)
    {
        var spec = SmallRuns.Lockstep(steps: 12);
        var alone = spec with { Consistency = new() { Mode = mode }, Prefetch = prefetch };
        (await TestRun.TrainAsync(spec)).AssertEqual(await TestRun.TrainAsync(alone));
    }

    [Fact]
    public async Task Weights_that_are_fetched_ahead_lack_the_update_in_work_and_the_one_under_way()
    {
        var spec = SmallRuns.Lockstep(steps: 24) with { Consistency = new() { Mode = ConsistencyMode.Unbounded }, Prefetch = Prefetch.Weights };
        using var folder = new TemporaryFolder();
        await using var run = await TestRun.OpenAsync(folder.Path);
        await run.Grain.StartAsync(spec, hold: false);
        var status = await run.UntilAsync(status => status.Phase == RunPhase.Completed);

        var staleness = status.Asynchrony!.GradientStaleness;
        Assert.Equal(24, staleness.Count);
        Assert.InRange(staleness.P50, 1, 2);
        Assert.InRange(staleness.Max, 1, 2);
    }
}
