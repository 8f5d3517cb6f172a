using OrleansContrastive.Cli.Clusters;
using OrleansContrastive.Cluster.Tests.Harness;
using OrleansContrastive.Contracts;
using OrleansContrastive.Contracts.Evaluation;
using OrleansContrastive.Contracts.Runs;
using OrleansContrastive.Contracts.Workers;

namespace OrleansContrastive.Cluster.Tests;

/// <summary>
/// SIGKILL at random moments. What the encoders were told counts is held against what the last checkpoint holds, so that "nothing
/// was lost" is a finding.
/// </summary>
public sealed class KillTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    // With default settings on the stand-in, and with the silo's own settings on Orleans.
    private const double MostSeconds = 10;

    private static readonly (string Label, string Roles)[] Silos =
    [
        ("one", "run,parameters,negatives"), ("two", "run,parameters,negatives"), ("left", "encoder,key,augmentation"), ("right", "encoder,key,augmentation"),
    ];

    /// <summary>One long run; its silos die in turn, each is replaced, and the run ends in order.</summary>
    [Fact]
    public async Task With_two_replicas_a_run_outlives_every_kind_of_silo_and_loses_nothing()
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        await using var cluster = new TestCluster();
        await cluster.StartAsync(Silos);
        await cluster.StartRunAsync(SmallSpec.Create(leases: 1_000_000, checkpoints: 2_000));
        await using var watch = cluster.Watch();
        var victims = Enum.GetValues<Victim>();
        random.Shuffle(victims);
        foreach (var victim in victims)
        {
            await cluster.WholeAsync();
            await cluster.MoreAsync(20 + random.Next(60));
            var silo = await cluster.FindAsync(victim);
            var term = await cluster.TermAsync();
            var killed = watch.Now;
            await silo.KillAsync();
            await cluster.MoreAsync(30);
            if (victim == Victim.Run) Assert.True(await cluster.TermAsync() > term, $"'{silo.Label}' was not the silo of the run's owner: nobody took over (seed {seed}).");
            var stall = watch.LongestStall(killed);
            TestCluster.Say($"SIGKILL of the silo of {victim} ('{silo.Label}'): progress after {stall:F1} s.");
            Assert.True(stall < MostSeconds, $"The run stood still for {stall:F1} s after the silo of {victim} was killed; expected less than {MostSeconds} s (seed {seed}).\n{cluster.Cluster.Logs()}");
            await cluster.StartAsync(silo.Label, Silos.First(entry => entry.Label == silo.Label).Roles);
        }

        var status = await cluster.StopRunAsync();
        var audit = await cluster.AuditAsync(complete: false);
        TestCluster.Say($"Seed {seed}: {audit}; rolled back {status.UpdatesRolledBack}, granted again {status.LeasesRegranted}, silos lost {status.SilosLost}.");
        Assert.Equal((0, 0L), (audit.UpdatesLost, status.UpdatesRolledBack));
        Assert.Equal((0, 0), (audit.SamplesCountedTwice, audit.SamplesNeverCounted));
        Assert.Equal(audit.RowsExpected, audit.RowsTaken);
        Assert.True(audit.Acknowledged > 100, $"Only {audit.Acknowledged} commits were acknowledged: nothing was tested.");
    }

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
