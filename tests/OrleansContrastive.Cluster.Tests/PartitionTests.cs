using OrleansContrastive.Cli.Clusters;
using OrleansContrastive.Cluster.Tests.Harness;
using OrleansContrastive.Tests.Shared;

namespace OrleansContrastive.Cluster.Tests;

/// <summary>
/// One silo is cut off from all others in both directions, though it still sees the store. It must not go on as if it were the
/// cluster; the others must go on without it.
/// </summary>
public sealed class PartitionTests
{
    private static readonly string[] Labels = ["one", "two", "three", "work"];

    [Fact]
    public async Task A_silo_that_is_cut_off_ends_and_the_others_go_on_without_loss()
    {
        await using var cluster = new TestCluster();
        var proxies = new List<(PartitionProxy Silo, PartitionProxy Gateway)>();
        try
        {
            foreach (var label in Labels)
            {
                var ports = LoopbackPorts.Take(2);
                proxies.Add((new(ports[0]), new(ports[1])));
                cluster.Launch(
                    label, label == "work" ? "encoder,key,augmentation" : "run,parameters,negatives",
                    "--silo-port", $"{proxies[^1].Silo.Port}", "--gateway-port", $"{proxies[^1].Gateway.Port}",
                    "--Endpoints:ListenSiloPort", $"{ports[0]}", "--Endpoints:ListenGatewayPort", $"{ports[1]}");
            }

            await cluster.StartAsync();
            await cluster.StartRunAsync(SmallSpec.Create(leases: 100_000, encoders: 1, checkpoints: 1_000));
            await cluster.WholeAsync();
            await cluster.MoreAsync(40);
            await using var watch = cluster.Watch();
            var victim = await cluster.FindAsync(Victim.Parameters);
            var lonely = Array.IndexOf(Labels, victim.Label);
            var cut = watch.Now;
            for (var at = 0; at < proxies.Count; at++)
            {
                // Nobody reaches the victim, and the victim reaches nobody.
                Func<int, bool> isCut = at == lonely ? _ => true : process => process == victim.Id || process == PartitionProxy.Unknown;
                proxies[at].Silo.Cut(isCut);
                proxies[at].Gateway.Cut(isCut);
            }

            await cluster.MoreAsync(30);
            var stall = watch.LongestStall(cut);
            await victim.EndedAsync(TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
            var gone = (watch.Now - cut).TotalSeconds;
            await cluster.MoreAsync(30);
            var status = await cluster.StopRunAsync();
            var audit = await cluster.AuditAsync(complete: false);
            TestCluster.Say($"Silo '{victim.Label}' was cut off: progress after {stall:F1} s; it ended after {gone:F1} s; {audit}.");
            Assert.NotEqual(0, victim.ExitCode);
            Assert.Equal((0, 0L), (audit.UpdatesLost, status.UpdatesRolledBack));
            Assert.Equal((0, 0), (audit.SamplesCountedTwice, audit.SamplesNeverCounted));
            Assert.Equal(audit.RowsExpected, audit.RowsTaken);
        }
        finally
        {
            foreach (var (silo, gateway) in proxies)
            {
                await silo.DisposeAsync();
                await gateway.DisposeAsync();
            }
        }
    }
}
