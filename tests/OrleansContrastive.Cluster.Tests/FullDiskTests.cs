using OrleansContrastive.Cluster.Tests.Harness;

namespace OrleansContrastive.Cluster.Tests;

/// <summary>The disk under the store is full while a checkpoint is due: it costs the checkpoint, and nothing else.</summary>
public sealed class FullDiskTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_full_disk_costs_checkpoints_until_there_is_room_and_no_update()
    {
        using var disk = SmallDisk.TryMount(megabytes: 24);
        if (disk is null) Assert.Skip("This process may not mount a small file system; StoreFaultTests has a store that fails instead.");
        await using var cluster = new TestCluster(disk.Path);
        await cluster.StartAsync(("one", "run,parameters,negatives"), ("work", "encoder,key,augmentation"));
        await cluster.StartRunAsync(SmallSpec.Create(leases: 100_000, encoders: 1, replicas: 1, checkpoints: 2_000));
        var before = await cluster.UntilAsync("a checkpoint", status => status.Checkpoint is not null);
        disk.Fill();
        await cluster.UntilAsync("a checkpoint that fails", status => status.Problem?.Contains("could not be written", StringComparison.Ordinal) == true);
        await cluster.MoreAsync(40);
        var full = await cluster.Cluster.StatusAsync(TestCluster.Run, Token);
        Assert.Contains($"the last one is {full.Checkpoint}", full.Problem, StringComparison.Ordinal);
        disk.Free();
        var after = await cluster.UntilAsync("a checkpoint after there is room", status => status.Checkpoint != full.Checkpoint && status.LeasesDone > full.LeasesDone);
        var status = await cluster.StopRunAsync();
        var audit = await cluster.AuditAsync(complete: false);
        TestCluster.Say($"Full from {before.Checkpoint} on: {full.LeasesDone - before.LeasesDone} leases went on with checkpoint {full.Checkpoint}; with room again {after.Checkpoint}; {audit}.");
        Assert.Equal((0, 0L), (audit.UpdatesLost, status.UpdatesRolledBack));
        Assert.Equal((0, 0), (audit.SamplesCountedTwice, audit.SamplesNeverCounted));
        Assert.Equal(audit.RowsExpected, audit.RowsTaken);
        // The manifest that counts is whole: a torn one would not have been read.
        Assert.Equal(status.SamplesApplied, audit.SamplesApplied);
    }
}
