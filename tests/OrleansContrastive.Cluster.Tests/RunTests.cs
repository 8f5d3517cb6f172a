using OrleansContrastive.Cluster.Tests.Harness;
using OrleansContrastive.Contracts.Runs;

namespace OrleansContrastive.Cluster.Tests;

/// <summary>A run over several silos, to which nothing bad happens.</summary>
public sealed class RunTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Silos_of_different_roles_train_a_run_together_and_every_sample_counts_once()
    {
        await using var cluster = new TestCluster();
        await cluster.StartAsync(("run", "run,parameters"), ("store", "negatives"), ("work", "encoder,key"), ("views", "augmentation"));
        var spec = SmallSpec.Create(leases: 200, encoders: 1, replicas: 1);
        await cluster.StartRunAsync(spec);
        var status = await cluster.UntilAsync("the end", status => status.Phase == RunPhase.Completed);

        var audit = await cluster.AuditAsync(complete: true);
        TestCluster.Say($"Four silos: {status.SamplesApplied} samples in {status.Seconds:F1} s; {audit}");
        Assert.Equal(spec.TotalSamples, status.SamplesApplied);
        Assert.Equal(spec.TotalLeases, audit.Acknowledged);
        Assert.Equal((0, 0, 0), (audit.UpdatesLost, audit.SamplesCountedTwice, audit.SamplesNeverCounted));
        Assert.Equal(audit.RowsExpected, audit.RowsTaken);
    }

    [Fact]
    public async Task A_silo_that_is_asked_to_stop_hands_over_and_the_run_waits_for_no_time_out()
    {
        await using var cluster = new TestCluster();
        await cluster.StartAsync(
            ("one", "run,parameters,negatives"), ("two", "run,parameters,negatives"), ("left", "encoder,key,augmentation"), ("right", "encoder,key,augmentation"));
        await cluster.StartRunAsync(SmallSpec.Create(leases: 1_000_000, checkpoints: 2_000));
        await cluster.WholeAsync();
        await using var watch = cluster.Watch();
        foreach (var label in new[] { "left", "one" })
        {
            await cluster.MoreAsync(40);
            var asked = watch.Now;
            await cluster.Silo(label).StopAsync(Token);
            var took = (watch.Now - asked).TotalSeconds;
            await cluster.MoreAsync(40);
            var stall = watch.LongestStall(asked);
            TestCluster.Say($"Silo '{label}' left within {took:F1} s; the run stood still for at most {stall:F1} s.");
            Assert.Equal(0, cluster.Silo(label).ExitCode);
            Assert.Contains("Drained: 1 of 1 runs", await File.ReadAllTextAsync(cluster.Silo(label).LogFile, Token), StringComparison.Ordinal);
        }

        var status = await cluster.StopRunAsync();
        var audit = await cluster.AuditAsync(complete: false);
        Assert.Equal((0, 0L), (audit.UpdatesLost, status.UpdatesRolledBack));
        Assert.Equal((0, 0), (audit.SamplesCountedTwice, audit.SamplesNeverCounted));
        Assert.Equal(audit.RowsExpected, audit.RowsTaken);
    }

    [Fact]
    public async Task A_silo_that_hands_over_answers_that_it_is_not_ready_any_more()
    {
        await using var cluster = new TestCluster();
        await cluster.StartAsync(("state", "run,parameters,negatives"), ("left", "encoder,key,augmentation"), ("right", "encoder,key,augmentation"));
        await cluster.StartRunAsync(SmallSpec.Create(leases: 1_000_000, encoders: 1, replicas: 1));
        await cluster.MoreAsync(5);
        var (state, worker) = (cluster.Silo("state"), cluster.Silo("left"));
        var ready = $"{TestCluster.HealthUrl(worker)}/health/ready";
        using var http = new HttpClient();
        Assert.Equal("200 Healthy: ready", await AskAsync(http, ready));

        // Whoever would take over sleeps, so that handing over lasts as long as it takes to ask.
        state.Freeze();
        var leaving = worker.StopAsync(Token);
        var answer = "200 Healthy: ready";
        while (answer == "200 Healthy: ready") answer = await AskAsync(http, ready);
        state.Thaw();
        await leaving;
        Assert.Equal("503 Unhealthy: is leaving the cluster", answer);
        Assert.Equal(0, worker.ExitCode);
    }

    [Fact]
    public async Task Workers_come_and_go_while_it_runs_and_every_sample_counts_once()
    {
        await using var cluster = new TestCluster();
        await cluster.StartAsync(("state", "run,parameters,negatives"), ("left", "encoder,key,augmentation"), ("right", "encoder,key,augmentation"));
        await cluster.StartRunAsync(SmallSpec.Create(leases: 1_000_000, encoders: 1, replicas: 1, checkpoints: 2_000));
        await cluster.MoreAsync(20);
        foreach (var (encoders, others) in new[] { (4, 3), (2, 1), (3, 2), (1, 1) })
        {
            await cluster.Cluster.Client.Run(TestCluster.Run).ScaleAsync(new(encoders, others, others));
            await cluster.UntilAsync($"{encoders} encoders", status => status.Encoders == encoders);
            await cluster.MoreAsync(30);
        }

        var status = await cluster.StopRunAsync();
        var audit = await cluster.AuditAsync(complete: false);
        TestCluster.Say($"1, 4, 2, 3 and 1 encoders: {status.SamplesApplied} samples; {audit}");
        Assert.Equal((0, 0, 0, 0L), (audit.UpdatesLost, audit.SamplesCountedTwice, audit.SamplesNeverCounted, status.UpdatesRolledBack));
        Assert.Equal(audit.RowsExpected, audit.RowsTaken);
    }

    private static async Task<string> AskAsync(HttpClient http, string url)
    {
        using var answer = await http.GetAsync(url, Token);
        return $"{(int)answer.StatusCode} {(await answer.Content.ReadAsStringAsync(Token)).Trim()}";
    }
}
