using OrleansContrastive.Contracts.Runs;
using OrleansContrastive.Tests.Shared;

namespace OrleansContrastive.Grains.Tests.Runs;

public sealed class ResumeTests
{
    [Fact]
    public async Task A_run_that_was_stopped_and_resumed_learns_the_same_bits()
    {
        var spec = SmallRuns.Lockstep(steps: 40, batch: 16).CutInto(2) with { Epochs = 2 };
        var undisturbed = await TestRun.TrainAsync(spec);

        using var folder = new TemporaryFolder();
        await using (var first = await TestRun.OpenAsync(folder.Path))
        {
            await first.Grain.StartAsync(spec, hold: false);
            await first.UntilAsync(status => status.Version >= 13);
            await first.Grain.RequestCheckpointAsync(thenStop: true);
            var stopped = await first.UntilAsync(status => status.Phase == RunPhase.Stopped);
            Assert.InRange(stopped.Version, 13, 79);
        }

        await using (var looker = await TestRun.OpenAsync(folder.Path))
        {
            await looker.Grain.StartAsync(null, hold: true);
            var held = await looker.UntilAsync(status => status.Phase == RunPhase.Stopped);
            Assert.InRange(held.Version, 13, 79);
        }

        await using var second = await TestRun.OpenAsync(folder.Path);
        // Nothing is given but the folder: the checkpoint knows what the run learns.
        await second.Grain.StartAsync(null, hold: false);
        await second.UntilAsync(status => status.Phase == RunPhase.Completed);
        undisturbed.AssertEqual(await second.OutcomeAsync());
    }

    [Fact]
    public async Task A_held_run_goes_on_in_the_silo_that_held_it()
    {
        var spec = SmallRuns.Lockstep(steps: 12, batch: 16).CutInto(2);
        var undisturbed = await TestRun.TrainAsync(spec);

        using var folder = new TemporaryFolder();
        await using var run = await TestRun.OpenAsync(folder.Path);
        await run.Grain.StartAsync(spec, hold: true);
        var held = await run.UntilAsync(status => status.Phase == RunPhase.Stopped);
        Assert.Equal(0, held.Version);
        await run.Grain.StartAsync(null, hold: false);
        await run.UntilAsync(status => status.Phase == RunPhase.Completed);
        undisturbed.AssertEqual(await run.OutcomeAsync());
    }
}
