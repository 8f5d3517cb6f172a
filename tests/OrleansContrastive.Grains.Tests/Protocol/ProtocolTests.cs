using OrleansContrastive.Contracts.Runs;

namespace OrleansContrastive.Grains.Tests.Protocol;

/// <summary>One order, whatever happens: lost, repeated and reordered calls, restarted activations.</summary>
public sealed class ProtocolTests
{
    [Theory]
    [InlineData(ConsistencyMode.Lockstep)]
    [InlineData(ConsistencyMode.Unbounded)]
    public void Every_lease_is_applied_once_on_all_shards_in_one_order(ConsistencyMode mode)
    {
        var (restarts, rolledBack) = (0, 0);
        for (var seed = 0; seed < 200; seed++)
        {
            var cluster = new SimulatedCluster(TestSpecs.Create(mode), seed, shards: 1 + (seed % 3));
            Assert.True(cluster.RunToEnd(steps: 60_000), $"Seed {seed}: the run did not end.");
            restarts += cluster.Restarts;
            rolledBack += cluster.RolledBack;
        }

        // Otherwise the weather was too fair for the test to mean anything.
        Assert.True(restarts > 200 && rolledBack > 50, $"{restarts} restarts, {rolledBack} roll-backs.");
    }
}
