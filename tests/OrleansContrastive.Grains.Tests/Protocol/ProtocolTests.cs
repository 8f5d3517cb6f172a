using OrleansContrastive.Contracts.Runs;

namespace OrleansContrastive.Grains.Tests.Protocol;

/// <summary>One order, whatever happens: lost, repeated and reordered calls, restarted activations.</summary>
public sealed class ProtocolTests
{
    [Theory]
    [InlineData(ConsistencyMode.Lockstep)]
    [InlineData(ConsistencyMode.Bounded)]
    [InlineData(ConsistencyMode.Unbounded)]
    public void Every_lease_is_applied_once_on_all_shards_in_one_order(ConsistencyMode mode)
    {
        var (restarts, rolledBack) = (0, 0);
        for (var seed = 0; seed < 200; seed++)
        {
            var cluster = new SimulatedCluster(TestSpecs.Create(mode), seed, shards: 1 + (seed % 3));
            Assert.True(cluster.RunToEnd(steps: 60_000), $"Seed {seed}: the run did not end: {cluster}");
            restarts += cluster.Restarts;
            rolledBack += cluster.RolledBack;
        }

        // Otherwise the weather was too fair for the test to mean anything.
        Assert.True(restarts > 200 && rolledBack > 50, $"{restarts} restarts, {rolledBack} roll-backs.");
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(1, 4)]
    [InlineData(3, 2)]
    [InlineData(2, 5)]
    public void No_gradient_is_staler_than_the_bound_whoever_dies_and_everything_ends(int bound, int encoders)
    {
        var stalest = 0L;
        for (var seed = 0; seed < 40; seed++)
        {
            var spec = TestSpecs.Create(ConsistencyMode.Bounded, encoders: encoders, bound: bound, ahead: seed % 3);
            var cluster = new SimulatedCluster(spec, seed, shards: 1 + (seed % 3)) { Weather = (0.1, 0.1, 0.01) };
            Assert.True(cluster.RunToEnd(steps: 100_000), $"Seed {seed}: the run did not end.");
            Assert.True(cluster.Stalest <= bound * encoders, $"Seed {seed}: a gradient was {cluster.Stalest} versions old.");
            stalest = Math.Max(stalest, cluster.Stalest);
        }

        // A gate that always waits would pass as well.
        Assert.True(encoders == 1 || stalest >= encoders, $"The stalest gradient was {stalest} versions old.");
    }

    [Theory]
    [InlineData(ConsistencyMode.Lockstep)]
    [InlineData(ConsistencyMode.Unbounded)]
    public void With_two_members_a_shard_no_single_death_undoes_what_an_encoder_was_told(ConsistencyMode mode)
    {
        var (restarts, filled, acknowledged) = (0, 0, 0);
        for (var seed = 0; seed < 100; seed++)
        {
            var cluster = new SimulatedCluster(TestSpecs.Create(mode), seed, shards: 1 + (seed % 3), replicas: 2);
            Assert.True(cluster.RunToEnd(steps: 120_000), $"Seed {seed}: the run did not end: {cluster}");
            Assert.Equal(0, cluster.RolledBack);
            restarts += cluster.Restarts;
            filled += cluster.Filled;
            acknowledged += cluster.Acknowledged;
        }

        Assert.True(
            restarts > 200 && filled > 50 && acknowledged > 1_000,
            $"{restarts} restarts, {filled} members filled, {acknowledged} commits acknowledged.");
    }
}
