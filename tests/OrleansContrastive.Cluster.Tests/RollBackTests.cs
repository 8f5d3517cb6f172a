using OrleansContrastive.Cli.Clusters;
using OrleansContrastive.Cluster.Tests.Harness;
using OrleansContrastive.Contracts;
using OrleansContrastive.Contracts.Evaluation;
using OrleansContrastive.Contracts.Runs;
using OrleansContrastive.Contracts.Workers;

namespace OrleansContrastive.Cluster.Tests;

/// <summary>SIGKILL of the only member of a shard: what was committed since the last checkpoint is undone, and said to be.</summary>
public sealed class RollBackTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task With_one_replica_the_run_rolls_back_as_one_says_how_far_completes_and_can_be_judged()
    {
        await using var cluster = new TestCluster();
        // Owner and queue live elsewhere: they know how far the run had come.
        await cluster.StartAsync(("one", "parameters"), ("two", "run,negatives"), ("left", "encoder,key,augmentation"), ("right", "encoder,key,augmentation"));
        var spec = SmallSpec.Create(leases: 600, replicas: 1, checkpoints: 5);
        await cluster.StartRunAsync(spec);
        await using var watch = cluster.Watch();
        await cluster.UntilAsync("a checkpoint and a little more", status => status.Checkpoint is not null && status.LeasesDone > 150);
        var silo = await cluster.FindAsync(Victim.Parameters);
        var killed = watch.Now;
        await silo.KillAsync();
        await cluster.StartAsync(silo.Label, "parameters");
        var status = await cluster.UntilAsync("the end", status => status.Phase == RunPhase.Completed);
        var audit = await cluster.AuditAsync(complete: true);
        TestCluster.Say($"One replica: progress after {watch.LongestStall(killed):F1} s; {status.UpdatesRolledBack} updates rolled back; {audit}.");

        Assert.True(status.UpdatesRolledBack > 0, "A shard without a replica died, and nothing was rolled back.");
        // An acknowledgement may get lost with its silo; an acknowledged update that was undone must be among those reported.
        Assert.InRange(audit.UpdatesLost, 1, status.UpdatesRolledBack);
        Assert.Equal(spec.TotalSamples, status.SamplesApplied);
        Assert.Equal((0, 0), (audit.SamplesCountedTwice, audit.SamplesNeverCounted));
        Assert.Equal(audit.RowsExpected, audit.RowsTaken);

        // Whoever judged it before the end may be gone by now; another silo that has encoders does.
        var judge = GrainKeys.Parse((await cluster.Cluster.ViewAsync(TestCluster.Run, Token)).Evaluation).Silo;
        await cluster.Cluster.Silos.Single(silo => !silo.HasEnded && silo.Ready.Result == judge).KillAsync();
        RunView view;
        while (!cluster.Cluster.IsUp(GrainKeys.Parse((view = await cluster.Cluster.ViewAsync(TestCluster.Run, Token)).Evaluation).Silo)) await Task.Delay(50, Token);
        var report = await cluster.Cluster.Client.Grains.GetGrain<IEvaluationGrain>(view.Evaluation).KnnAsync(new() { View = view, Train = 100, Test = 20 });
        Assert.Equal((100, 20, status.Version), (report.Train, report.Test, report.Version));
    }
}
