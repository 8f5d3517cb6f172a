using OrleansContrastive.Cli.Clusters;
using OrleansContrastive.Cluster.Tests.Harness;

namespace OrleansContrastive.Cluster.Tests;

/// <summary>
/// SIGKILL at random moments. What the encoders were told counts is held against what the last checkpoint holds, so that "nothing
/// was lost" is a finding.
/// </summary>
public sealed class KillTests
{
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
            await cluster.MoreAsync(20 + random.Next(40));
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
}
