using OrleansContrastive.Cli.Clusters;
using OrleansContrastive.Cluster.Tests.Harness;

namespace OrleansContrastive.Cluster.Tests;

/// <summary>
/// A silo that stood still and does not know it: others have taken its place, and what it says late is refused by term and history.
/// </summary>
public sealed class FreezeTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    // Longer than the others wait for a sign of life: 3 probes of 1.5 s each, and the run's own patience.
    [Fact]
    public Task A_frozen_owner_that_wakes_up_is_one_too_many_and_goes() => FreezeAsync(Victim.Run, TimeSpan.FromSeconds(15));

    [Fact(Explicit = true)]
    public Task A_frozen_parameter_primary_that_wakes_after_a_minute_goes() => FreezeAsync(Victim.Parameters, TimeSpan.FromSeconds(60));

    [Fact(Explicit = true)]
    public Task A_frozen_encoder_that_wakes_after_a_minute_goes() => FreezeAsync(Victim.Encoder, TimeSpan.FromSeconds(60));

    private static async Task FreezeAsync(Victim victim, TimeSpan sleep)
    {
        await using var cluster = new TestCluster();
        await cluster.StartAsync(
            ("one", "run,parameters,negatives"), ("two", "run,parameters,negatives"), ("three", "run,parameters,negatives"), ("left", "encoder,key,augmentation"), ("right", "encoder,key,augmentation"));
        await cluster.StartRunAsync(SmallSpec.Create(leases: 100_000, checkpoints: 1_000));
        await cluster.WholeAsync();
        await cluster.MoreAsync(40);
        await using var watch = cluster.Watch();
        var silo = await cluster.FindAsync(victim);
        var frozen = watch.Now;
        silo.Freeze();
        await cluster.MoreAsync(20);
        // The others go on while it sleeps: its place is taken when it wakes.
        await cluster.UntilAsync("the sleep to be over", _ => watch.Now - frozen > sleep);
        var stall = watch.LongestStall(frozen);
        var before = await cluster.UntilAsync("some progress", _ => true);
        silo.Thaw();
        var woken = watch.Now;
        await silo.EndedAsync(Token).WaitAsync(TimeSpan.FromSeconds(60), Token);
        var gone = (watch.Now - woken).TotalSeconds;
        await cluster.MoreAsync(40);

        var status = await cluster.StopRunAsync();
        var audit = await cluster.AuditAsync(complete: false);
        TestCluster.Say($"The silo of {victim} was frozen for {sleep.TotalSeconds:F0} s: progress after {stall:F1} s; woken, it ended after {gone:F1} s; {audit}.");
        Assert.NotEqual(0, silo.ExitCode);
        Assert.True(status.Version > before.Version, "The run did not go on after the silo had woken.");
        Assert.Equal((0, 0L), (audit.UpdatesLost, status.UpdatesRolledBack));
        Assert.Equal((0, 0), (audit.SamplesCountedTwice, audit.SamplesNeverCounted));
        Assert.Equal(audit.RowsExpected, audit.RowsTaken);
    }
}
